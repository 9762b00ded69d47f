"""Rows as they arrived become rows as they are landed: what may be passed on is, and DuckDB reads the rest.

A small agency's columns need hardly ever be read, and its rows are through before a query for them is planned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mutasi.engine import ROW_GROUP, connect
from mutasi.landing.data_files import ARROW_TYPES, coded, repeated
from mutasi.landing.plain import plain_columns, with_unmapped, without_unmapped
from mutasi.landing.typed import MARKS, typed_query
from mutasi.settings import Settings
from mutasi.sources.agency import DatasetSource
from mutasi.sources.connection import Extract
from mutasi.sources.datasets import Dataset

# Up to so many rows a dataset is held whole, so that a look may show which columns need no reading; of a larger one all are read.
HELD_ROWS = 500_000


def landed_rows(
    settings: Settings, agency_id: str, dataset: Dataset, source: DatasetSource, arrived: Extract
) -> Iterator[tuple[pa.Table, int]]:
    """The landing columns as in `typed_query`, in the order of the source, at least once; and the number of rows that are no records.

    Raises:
        duckdb.Error, pa.ArrowException: a value could not be typed; their messages quote it.
    """
    if arrived.rows_received > HELD_ROWS:
        yield from _read(settings, agency_id, dataset, source, arrived.batches, frozenset())
        return
    held = coded(_needed(arrived.batches.read_all(), source, source.columns))
    plain = plain_columns(dataset, source, held)
    unmapped = with_unmapped(dataset, source, held, plain)
    amiss = (source.columns.keys() & dataset.columns.keys()) - plain
    if amiss or source.skip_where:
        amiss = amiss.union(unmapped)
        others = frozenset(dataset.columns.keys() - amiss)
        [(read, skipped)] = _read(settings, agency_id, dataset, source, _needed(held, source, amiss), others)
    else:
        read, skipped = _passed_on(agency_id, len(held), without_unmapped(dataset, source, held, unmapped)), 0
    passed = held.take(pc.subtract(read["_row_id"], 1)) if skipped else held

    def cells(name: str) -> pa.ChunkedArray | pa.Array:
        if name in read.column_names:
            return read[name]
        kind = ARROW_TYPES[dataset.columns[name].sql_type]
        if name not in plain:
            return pa.nulls(len(read), kind)
        values = passed[str(source.columns[name].source)]
        return values if pa.types.is_dictionary(values.type) else values.cast(kind, safe=False)

    landed = ["agency_id", "_row_id", *dataset.columns, *MARKS]
    yield pa.table([cells(name) for name in landed], landed), skipped


def _needed(rows: pa.Table, source: DatasetSource, columns: Collection[str]) -> pa.Table:
    """What these columns are made of; all where that is nothing, for the rows count."""
    needed = {source.columns[column].source for column in columns} | {*source.skip_where, *source.fill_down}
    return rows.select([name for name in rows.column_names if name in needed] or rows.column_names)


def _read(
    settings: Settings,
    agency_id: str,
    dataset: Dataset,
    source: DatasetSource,
    rows: pa.Table | pa.RecordBatchReader,
    others: frozenset[str],
) -> Iterator[tuple[pa.Table, int]]:
    """All columns but the others: of a table at once, of a stream by row groups."""
    with connect(settings) as con:
        # One projection over another: there is nothing to optimise, and looking for it takes longer than a small file's rows.
        con.execute("pragma disable_optimizer")
        con.register("arrived", rows)
        found = con.sql(typed_query(agency_id, dataset, source, rows.schema, "arrived", others))
        groups = [found.to_arrow_table()] if isinstance(rows, pa.Table) else _groups(found.to_arrow_reader(ROW_GROUP))
        for group in groups:
            kept = group.filter(pc.invert(group["_is_skipped"])).drop(["_is_skipped"]) if source.skip_where else group
            yield coded(kept), len(group) - len(kept)


def _groups(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    schema, groups = batches.schema, (pa.Table.from_batches([batch]) for batch in batches)
    yield next(groups, schema.empty_table())
    yield from groups


def _passed_on(agency_id: str, rows: int, codes: pa.Table) -> pa.Table:
    """What stands beside columns in which nothing had to be read; codes that nobody mapped are left out of theirs."""
    nothing = dict.fromkeys(MARKS, repeated("", rows))
    found = dict(zip(codes.column_names, codes.columns, strict=True))
    return pa.table({"agency_id": repeated(agency_id, rows), "_row_id": np.arange(1, rows + 1), **nothing, **found})
