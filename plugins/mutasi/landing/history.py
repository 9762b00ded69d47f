"""History is immutable Parquet: per dataset and day, the rows that are new, changed or deleted since the day before.

A day's file follows from the promoted snapshots of that day and the files before it, and from nothing else. The file
beside it names the snapshots it was made from. Whenever others are promoted now (a late night, a repaired night, a killed
run), history is cut at that day and replayed, so the order in which nights arrive cannot matter. Snapshots that were pruned
are no reason: what they brought stays in history.

Deletions are inferred only for agencies promoted that day: an agency that sent nothing has deleted nobody.

Agencies of which nothing is known come first in a file. Their rows need no comparing, so they pass from file to file as Arrow, texts
that repeat once each, and DuckDB is asked for their hashes alone.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from mutasi.durable import put
from mutasi.engine import ROW_GROUP, connect, named, parquet
from mutasi.errors import NeedsAPerson
from mutasi.landing.data_files import ARROW_TYPES, DataFile, coded, joined, repeated
from mutasi.landing.snapshots import PRUNED, Promoted, data_path, promoted, scratch, write_text
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, columns_version, datasets
from mutasi.sources.staging import open_parquet

AHEAD = 2  # groups of agencies that are read and hashed beside the writing, which takes half as long
LAST = 1 << 40  # more rows than any dataset has
NOTHING = "∅"  # NULL and the empty text are different values, and concat_ws would skip NULL
SETTLED_NS = 2_000_000_000  # a folder that changed a moment ago may change again without its time telling


class HistoryError(NeedsAPerson):
    """History cannot be brought up to date without losing days; the message names dataset and day."""


class Record(BaseModel):
    """What the change file of a day was made from.

    Attributes:
        inputs: hash of each agency's snapshot.
        seen: the time of change of the folder that held them; None while that was not past. Snapshots come and go by rename and
            removal, and both change it, so a folder of the same time need not be read.
    """

    model_config = ConfigDict(frozen=True)

    inputs: Mapping[str, str]
    seen: int | None = None

    def holds_for(self, inputs: Mapping[str, str], is_pruned: bool) -> bool:
        """Whether history needs no replay for the snapshots of today's folder."""
        return inputs.items() <= self.inputs.items() if is_pruned else inputs == self.inputs


def refresh_history(settings: Settings, name: str) -> int:
    """Bring a dataset's history up to date with what is promoted.

    Returns:
        The number of change files written.

    Raises:
        HistoryError: an old night arrived whose successors were pruned.
    """
    written = 0
    for folder in sorted((settings.home / "promoted" / name).glob("????-??-??")):
        day, seen = dt.date.fromisoformat(folder.name), _last_change(folder)
        file = history_file(settings, name, day).with_suffix(".json")
        record = Record.model_validate_json(file.read_bytes()) if file.exists() else None
        if not written and record and seen and record.seen == seen:
            continue
        snapshots = promoted(settings, name, day)
        inputs = {agency: snapshot.data_sha256 for agency, snapshot in snapshots.items()}
        if not inputs:
            continue
        if not written and record and record.holds_for(inputs, (folder / PRUNED).exists()):
            write_text(file, record.model_copy(update={"seen": seen}).model_dump_json(indent=1))
            continue
        if not written:
            _refuse_to_forget(settings, name, day, sorted(inputs.items() - (record.inputs.items() if record else {})))
            _cut(settings, name, day)
        _write_day(settings, name, day, snapshots)
        write_text(file, Record(inputs=inputs, seen=seen).model_dump_json(indent=1))
        written += 1
    return written


def history_file(settings: Settings, name: str, day: dt.date) -> Path:
    """The change file of a dataset's day."""
    return settings.home / "history" / name / f"{day.isoformat()}.parquet"


def size_of_day(settings: Settings, day: dt.date) -> tuple[int, int]:
    """(rows, bytes) of the change files of a day."""
    files = [file for name in datasets() if (file := history_file(settings, name, day)).exists()]
    return sum(pq.read_metadata(file).num_rows for file in files), sum(file.stat().st_size for file in files)


def _last_change(folder: Path) -> int | None:
    changed = folder.stat().st_mtime_ns
    return changed if changed < time.time_ns() - SETTLED_NS else None


def _refuse_to_forget(settings: Settings, name: str, day: dt.date, arrived: list[tuple[str, str]]) -> None:
    """A cut must not take days whose snapshots are gone: they could not be replayed."""
    for file in sorted(settings.folder("history", name).glob("*.json")):
        folder = settings.home / "promoted" / name / file.stem
        if file.stem >= day.isoformat() and ((folder / PRUNED).exists() or not any(folder.glob("*.json"))):
            agencies = ", ".join(agency for agency, _ in arrived)
            raise HistoryError(
                f"{name}: the night of {day} comes after snapshots of {file.stem} were pruned, so history cannot be replayed; "
                f"remove what came from promoted/{name}/{day} ({agencies}) to go on without it."
            )


def _cut(settings: Settings, name: str, day: dt.date) -> None:
    """Remove the files of `day` and later; the record goes first, so that a killed cut is cut again."""
    folder = settings.folder("history", name)
    for record in sorted(folder.glob("*.json"), reverse=True):
        if record.stem >= day.isoformat():
            record.unlink()
            record.with_suffix(".parquet").unlink(missing_ok=True)


def row_hash(dataset: Dataset, version: int, alias: str) -> str:
    """SQL for the change hash of a row over the columns of one version of the column list."""
    parts = ", ".join(f"coalesce(cast({alias}.{named(c)} as varchar), '{NOTHING}')" for c in dataset.hashed_columns(version))
    return f"md5(concat_ws(chr(31), {parts}))"


def _write_day(settings: Settings, name: str, day: dt.date, snapshots: Mapping[str, Promoted]) -> None:
    dataset = datasets()[name]
    target = history_file(settings, name, day)
    temporary = scratch(settings.folder("history", name))
    version = max(snapshot.columns_version for snapshot in snapshots.values())
    with connect(settings) as con, ExitStack() as files:
        _create_before(con, dataset, [f for f in sorted(target.parent.glob("*.parquet")) if f.stem < day.isoformat()])
        known = {agency for (agency,) in con.execute("select distinct agency_id from before").fetchall()}
        unknown = [snapshots[agency] for agency in sorted(snapshots.keys() - known)]
        today = [data_path(settings, "promoted", snapshots[agency]) for agency in sorted(snapshots.keys() & known)]
        is_alike = all(snapshots[agency].columns_version == columns_version() for agency in known & snapshots.keys())
        con.execute(f"create temp view today as from {parquet(today, _row_types(dataset), is_alike=is_alike)}")
        file = None
        for rows in chain(_first_seen(settings, dataset, version, unknown), _changes(con, dataset, version)):
            dated = _dated(rows, version, day)
            file = file or files.enter_context(DataFile(temporary, dated.schema))
            if len(dated):
                file.write(dated)
    put(temporary, target)


def _dated(rows: pa.Table, version: int, day: dt.date) -> pa.Table:
    made = {"_columns_version": pa.scalar(version, pa.int64()), "_recorded_on": pa.scalar(day, pa.date32())}
    for name, value in made.items():
        rows = rows.append_column(name, pa.repeat(value, len(rows)))
    return rows


def _first_seen(settings: Settings, dataset: Dataset, version: int, snapshots: Iterable[Promoted]) -> Iterator[pa.Table]:
    """All rows of agencies of which nothing is known, in their order."""
    with ThreadPoolExecutor(AHEAD) as pool:
        begun: deque[Future[pa.Table]] = deque()
        for together in _divided(snapshots):
            begun.append(pool.submit(_hashed, settings, dataset, version, together))
            if len(begun) > AHEAD:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _divided(snapshots: Iterable[Promoted]) -> Iterator[list[Promoted]]:
    """Agencies in their order, as many together as fit into a row group."""
    together: list[Promoted] = []
    for snapshot in snapshots:
        if together and sum(s.rows_promoted for s in (*together, snapshot)) > ROW_GROUP:
            yield together
            together = []
        together.append(snapshot)
    if together:
        yield together


def _hashed(settings: Settings, dataset: Dataset, version: int, snapshots: Iterable[Promoted]) -> pa.Table:
    """The rows of some snapshots, all of them new."""
    rows = joined([_rows(data_path(settings, "promoted", snapshot), dataset) for snapshot in snapshots])
    with connect(settings) as con:
        con.register("first_seen", rows)
        hashes = con.sql(f"select {row_hash(dataset, version, 'first_seen')} from first_seen").to_arrow_table()
    return rows.append_column("_change", repeated("new", len(rows))).append_column("_row_hash", hashes.column(0))


def _rows(file: Path, dataset: Dataset) -> pa.Table:
    """A promoted file's agency and columns; one that was not known when it was promoted is empty."""
    kinds = {name: ARROW_TYPES[kind] for name, kind in _row_types(dataset).items() if name != "_row_id"}
    with open_parquet(file) as parquet:
        rows = parquet.read(columns=list(kinds), use_threads=False)
    cells = {name: rows[name] if name in rows.column_names else pa.nulls(len(rows), kind) for name, kind in kinds.items()}
    return pa.table(cells)


def _create_before(con: duckdb.DuckDBPyConnection, dataset: Dataset, earlier: list[Path]) -> None:
    """The last known state of every key: hash, version of its column list, and whether it was deleted."""
    state = {"_change": "VARCHAR", "_row_hash": "VARCHAR", "_columns_version": "BIGINT", "_recorded_on": "DATE"}
    con.execute(
        f"""
        create temp table before as
        select {_keys(dataset)},
            max_by(_row_hash, _recorded_on) as _row_hash, max_by(_columns_version, _recorded_on) as _columns_version
        from {parquet(earlier, _key_types(dataset) | state, is_alike=False)}
        group by {_keys(dataset)}
        having max_by(_change, _recorded_on) <> 'deleted'
        """
    )


def _changes(con: duckdb.DuckDBPyConnection, dataset: Dataset, version: int) -> Iterator[pa.Table]:
    """Today's new and changed rows of the other agencies, in the order of the source, and behind them the deleted ones, by key."""
    columns = ", ".join(named(c) for c in dataset.promoted_columns)
    on = " and ".join(f"t.{named(k)} is not distinct from b.{named(k)}" for k in _key_types(dataset))
    versions = [r[0] for r in con.execute("select distinct _columns_version from before").fetchall()]
    old = " ".join(f"when {v} then {row_hash(dataset, v, 't')}" for v in versions if v != version)
    comparable = f"case b._columns_version {old} else t._row_hash end" if old else "t._row_hash"
    absent = ", ".join(f"b.{named(c)}" if c in dataset.key else f"null as {named(c)}" for c in dataset.promoted_columns)
    found = con.sql(
        f"""
        with hashed as (select t.*, {row_hash(dataset, version, "t")} as _row_hash from today t),
        arrived as (
          select t.agency_id, t._row_id, {", ".join(f"t.{named(c)}" for c in dataset.promoted_columns)},
            case when b.agency_id is null then 'new' else 'changed' end as _change, t._row_hash
          from hashed t left join before b on {on}
          where b.agency_id is null or b._row_hash <> {comparable}
        ),
        left_out as (
          select b.agency_id, {LAST} + row_number() over (order by {_keys(dataset)}) as _row_id, {absent}, 'deleted' as _change,
            null as _row_hash
          from before b
          where b.agency_id in (select distinct agency_id from today)
            and not exists (select 1 from today t where {on})
        ),
        compared as (select * from arrived union all by name select * from left_out order by agency_id, _row_id)
        select agency_id, {columns}, _change, _row_hash from compared
        """
    ).to_arrow_reader(ROW_GROUP)
    groups = (coded(pa.Table.from_batches([batch])) for batch in found)
    yield next(groups, found.schema.empty_table())
    yield from groups


def _row_types(dataset: Dataset) -> dict[str, str]:
    columns = {name: column.sql_type for name, column in dataset.promoted_columns.items()}
    return {"agency_id": "VARCHAR", "_row_id": "BIGINT"} | columns


def _key_types(dataset: Dataset) -> dict[str, str]:
    return {"agency_id": "VARCHAR"} | {k: dataset.columns[k].sql_type for k in dataset.key}


def _keys(dataset: Dataset) -> str:
    return ", ".join(named(k) for k in _key_types(dataset))
