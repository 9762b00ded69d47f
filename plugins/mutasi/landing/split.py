"""Splits a landed snapshot by what the checks found: rows that may be used, blanked and flagged, and rows that may not, with the reasons.

With Arrow and not in SQL: what is found is little, and a small agency's rows are through before a query for them is planned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mutasi.engine import ROW_GROUP
from mutasi.landing.data_files import DataFile
from mutasi.sources.datasets import Dataset
from mutasi.sources.staging import open_parquet

TEXTS = ["agency_id", "rule_code", "action", "column_name"]


@dataclass(frozen=True)
class Found:
    """What the checks found in the rows of a snapshot: one line per failing row, rule and column (NULL: the whole row), in this order."""

    failing: pa.Table

    def codes(self, *actions: str) -> tuple[pa.Array, pa.Array]:
        """The rows with a rule of these actions, and beside each the codes of its rules in order, with blanks between."""
        of = self.failing.filter(pc.is_in(self.failing["action"], value_set=pa.array(actions)))
        rows, rules = of["_row_id"].to_numpy(), of["rule_code"].to_numpy()
        begins = np.diff(rows, prepend=-1) != 0
        counts = begins | (rules != np.roll(rules, 1))  # a rule may have failed in several columns
        places = np.append(np.flatnonzero(begins[counts]), np.count_nonzero(counts))
        codes = pa.ListArray.from_arrays(pa.array(places, pa.int32()), pa.array(rules[counts], pa.string()))
        return pa.array(rows[begins]), pc.binary_join(codes, " ")

    def blanked(self) -> dict[str, pa.ChunkedArray]:
        """Columns with values to blank, and the rows in which."""
        blanks = self.failing.filter(pc.equal(self.failing["action"], "blank"))
        names = pc.unique(blanks["column_name"]).drop_null().to_pylist()
        return {name: blanks.filter(pc.equal(blanks["column_name"], name))["_row_id"] for name in names}


def found_in(failures: Path, agency_id: str) -> Found:
    """What the checks found in one agency's snapshot, by the file of a dataset's day."""
    with pq.ParquetFile(failures, read_dictionary=TEXTS) as file:
        # Its rows are in the order of the agencies.
        bounds = [file.metadata.row_group(number).column(0).statistics for number in range(file.num_row_groups)]
        near = [number for number, of in enumerate(bounds) if of is None or not of.has_min_max or of.min <= agency_id <= of.max]
        rows = file.read_row_groups(near, columns=[*TEXTS, "_row_id"], use_threads=False)
    # Where the snapshot as such failed no row is named.
    return Found(rows.filter(pc.and_(pc.equal(rows["agency_id"], agency_id), pc.is_valid(rows["_row_id"]))))


def split(
    landed: Path, dataset: Dataset, day: dt.date, found: Found, stopped_by: Sequence[str], kept: Path, refused: Path
) -> tuple[int, int]:
    """Write the rows that may be used to `kept` and the others to `refused`, both in the order of the source.

    A dataset that is stopped keeps none; where no row is refused, `refused` is not written.

    Returns:
        Rows kept and rows refused.
    """
    columns, blanked = list(dataset.promoted_columns), found.blanked()
    dropped, reasons = found.codes("drop")
    flagged, flags = found.codes("blank", "warn")
    # First what most rows have.
    said = pa.concat_arrays([pa.array([""]), pc.binary_join_element_wise("", flags, "", " ")]).dictionary_encode()
    rows_kept = rows_refused = 0
    with open_parquet(landed) as file, ExitStack() as files:
        # A column may be marked as never empty; what is made of it need not be so.
        arrived = pa.schema([field.with_nullable(True) for field in file.schema_arrow])
        left = pa.schema([*(field.with_type(_plain(field.type)) for field in arrived), ("reasons", pa.string())])
        typed = [arrived.field("agency_id"), ("snapshot_date", pa.date32()), arrived.field("_row_id")]
        used = pa.schema([*typed, *(arrived.field(name) for name in columns), ("_flags", said.type)])
        keeping = None if stopped_by else files.enter_context(DataFile(kept, used))
        refusing = files.enter_context(DataFile(refused, left)) if stopped_by or len(dropped) else None
        for rows in file.iter_batches(batch_size=ROW_GROUP, use_threads=False):
            ids = rows["_row_id"]
            if keeping is not None:
                place = pc.fill_null(pc.add(pc.index_in(ids, value_set=flagged), 1), 0)
                cells = [_without(rows[name], ids, blanked.get(name)) for name in columns]
                date = pa.repeat(pa.scalar(day, pa.date32()), len(ids))
                judged = pa.table([rows["agency_id"], date, ids, *cells, said.take(place)], schema=used)
                if refusing is not None:
                    judged = judged.filter(pc.invert(pc.is_in(ids, value_set=dropped)))
                keeping.write(judged)
                rows_kept += judged.num_rows
            if refusing is not None:
                why = (
                    pa.repeat(" ".join(stopped_by), len(ids)) if stopped_by else reasons.take(pc.index_in(ids, value_set=dropped))
                )
                judged = pa.table([*rows.columns, why], [*arrived.names, "reasons"]).filter(pc.is_valid(why))
                refusing.write(judged)
                rows_refused += judged.num_rows
    return rows_kept, rows_refused


def _plain(kind: pa.DataType) -> pa.DataType:
    """Few rows are refused: a dictionary of all that the column holds would be longer than their texts."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _without(values: pa.Array, ids: pa.Array, blanked: pa.ChunkedArray | None) -> pa.Array:
    """The values, NULL in the rows that are to be blanked."""
    if blanked is None:
        return values
    if pa.types.is_dictionary(values.type):  # else each text would be looked up again
        return pa.DictionaryArray.from_arrays(_without(values.indices, ids, blanked), values.dictionary)
    return pc.if_else(pc.is_in(ids, value_set=blanked), pa.scalar(None, values.type), values)
