"""History is immutable Parquet: per dataset and day, the rows that are new, changed or deleted since the day before.

A day's file follows from the promoted snapshots of that day and the files before it, and from nothing else. The file
beside it names the snapshots it was made from. Whenever others are promoted now (a late night, a repaired night, a killed
run), history is cut at that day and replayed, so the order in which nights arrive cannot matter. Snapshots that were pruned
are no reason: what they brought stays in history.

Deletions are inferred only for agencies promoted that day: an agency that sent nothing has deleted nobody.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from mutasi.durable import put
from mutasi.engine import connect, named, parquet, quoted, write
from mutasi.errors import NeedsAPerson
from mutasi.landing.snapshots import PRUNED, Promoted, data_path, promoted, scratch, write_text
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, columns_version, datasets

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
    settings.folder("history", name)
    with connect(settings) as con:
        _create_before(con, dataset, [f for f in sorted(target.parent.glob("*.parquet")) if f.stem < day.isoformat()])
        known = {agency for (agency,) in con.execute("select distinct agency_id from before").fetchall()}
        is_alike = all(snapshot.columns_version == columns_version() for snapshot in snapshots.values())
        for view, agencies in (("today", snapshots.keys() & known), ("first_seen", snapshots.keys() - known)):
            files = [data_path(settings, "promoted", snapshots[agency]) for agency in sorted(agencies)]
            con.execute(f"create temp view {view} as from {parquet(files, _row_types(dataset), is_alike=is_alike)}")
        temporary = scratch(target.parent)
        version = max(snapshot.columns_version for snapshot in snapshots.values())
        write(con, _changes(dataset, day, version, con), temporary)
    put(temporary, target)


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


def _changes(dataset: Dataset, day: dt.date, version: int, con: duckdb.DuckDBPyConnection) -> str:
    """The query for the day's new and changed rows, in the order of the source, and behind them the deleted ones, by key.

    Agencies of which nothing is known come first: their rows need no comparing, and their files are in order.
    """
    columns = ", ".join(named(c) for c in dataset.promoted_columns)
    on = " and ".join(f"t.{named(k)} is not distinct from b.{named(k)}" for k in _key_types(dataset))
    versions = [r[0] for r in con.execute("select distinct _columns_version from before").fetchall()]
    old = " ".join(f"when {v} then {row_hash(dataset, v, 't')}" for v in versions if v != version)
    comparable = f"case b._columns_version {old} else t._row_hash end" if old else "t._row_hash"
    absent = ", ".join(f"b.{named(c)}" if c in dataset.key else f"null as {named(c)}" for c in dataset.promoted_columns)
    made = f"{version}::bigint as _columns_version, date {quoted(day.isoformat())} as _recorded_on"
    return f"""
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
    select agency_id, {columns}, 'new' as _change, {row_hash(dataset, version, "first_seen")} as _row_hash, {made} from first_seen
    union all
    select agency_id, {columns}, _change, _row_hash, {made} from compared
    """


def _row_types(dataset: Dataset) -> dict[str, str]:
    columns = {name: column.sql_type for name, column in dataset.promoted_columns.items()}
    return {"agency_id": "VARCHAR", "_row_id": "BIGINT"} | columns


def _key_types(dataset: Dataset) -> dict[str, str]:
    return {"agency_id": "VARCHAR"} | {k: dataset.columns[k].sql_type for k in dataset.key}


def _keys(dataset: Dataset) -> str:
    return ", ".join(named(k) for k in _key_types(dataset))
