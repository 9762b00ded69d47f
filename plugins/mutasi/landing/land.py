"""Landing: archive what arrived, type it into Parquet, and prove that no row was lost on the way."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from mutasi.durable import flush
from mutasi.landing.data_files import DataFile
from mutasi.landing.incremental import last_cursor, next_cursor
from mutasi.landing.replaced import commit_landed
from mutasi.landing.rows import landed_rows
from mutasi.landing.shared_area import TransitError
from mutasi.landing.snapshots import (
    Landed,
    RawFile,
    data_name,
    day_folder,
    scratch,
    sha256,
)
from mutasi.landing.transit import Transit, transit
from mutasi.landing.turns import Commit, in_turn
from mutasi.ledger import Entry
from mutasi.settings import JAKARTA, Settings
from mutasi.sources.agency import Agency
from mutasi.sources.connection import Connection, Extract, SourceError
from mutasi.sources.datasets import columns_version, datasets
from mutasi.sources.extract import extract
from mutasi.sources.request import forget_progress


class LandingError(RuntimeError):
    """Some datasets of an agency did not land; each line names agency, dataset and what to do."""


def land_agency(settings: Settings, agency: Agency, day: dt.date, run_id: str, connection: Callable[[str], Connection]) -> int:
    """Land every dataset of one agency; a dataset that fails does not hold back the others.

    Where several machines land, what landed is sent on to the one that keeps the warehouse.

    Returns:
        The number of rows landed.

    Raises:
        LandingError: at least one dataset failed; what landed stays landed.
    """
    failures: list[str] = []
    shared = transit(settings, connection)

    def attempt(entry: Entry) -> Commit | None:
        try:
            snapshot, commit = _prepared(settings, agency, str(entry.dataset), day, connection, shared)
            if shared:
                commit()
                shared.ship(snapshot)
        except (SourceError, LandingError, TransitError) as error:
            entry.fail(error)
            failures.append(str(error))
            return None
        entry.rows_received = snapshot.rows_received + snapshot.rows_skipped
        entry.message = _remarks(snapshot)
        entry.bytes = sum(file.bytes for file in snapshot.raw_files)
        return None if shared else commit

    with in_turn(settings) as turns:
        for name in agency.datasets:
            turns.take(Entry(run_id, "land", day, agency.agency_id, name, data_as_of=day), attempt)
    if shared:
        shared.ship_ledger(run_id, agency.agency_id)
    if failures:
        raise LandingError("\n".join(failures))
    return sum(entry.rows_received or 0 for entry in turns.entries)


def land(settings: Settings, agency: Agency, name: str, day: dt.date, connection: Callable[[str], Connection]) -> Landed:
    """Land one dataset of one agency for one day; running it again replaces the day's snapshot.

    Raises:
        SourceError: the source cannot be read.
        LandingError: the source counted another number of rows than were read.
    """
    snapshot, commit = _prepared(settings, agency, name, day, connection, None)
    commit()
    return snapshot


def _prepared(
    settings: Settings, agency: Agency, name: str, day: dt.date, connection: Callable[[str], Connection], shared: Transit | None
) -> tuple[Landed, Commit]:
    """The snapshot of a dataset as it stands, and what makes it count."""
    start = time.perf_counter()
    archive = settings.folder("raw", agency.agency_id, name, day.isoformat()) / uuid.uuid4().hex[:12]
    last, earlier = last_cursor(settings, agency, name, day, archive, shared) or (None, None)
    arrived = extract(agency, name, connection, archive, earlier)
    folder = day_folder(settings, "landing", name, day)
    unfinished = scratch(folder)
    with ExitStack() as failing:
        failing.callback(unfinished.unlink, missing_ok=True)
        rows, skipped, unknown = _write(settings, agency, name, arrived, unfinished)
        if rows + skipped != arrived.rows_received:
            raise LandingError(
                f"{agency.agency_id}, {name}: the source counts {arrived.rows_received} rows, {rows + skipped} were read; nothing was "
                "landed. Compare the raw archive with the source: a delimiter, quote or page setting is the usual cause."
            )
        digest = sha256(unfinished)
        snapshot = Landed(
            agency_id=agency.agency_id,
            dataset=name,
            snapshot_date=day,
            data_file=data_name(agency.agency_id, digest),
            data_sha256=digest,
            rows_received=arrived.rows_received - skipped,
            rows_landed=rows,
            rows_skipped=skipped,
            rows_refused=arrived.refused,
            raw_folder=archive.name,
            raw_files=tuple(RawFile(name=f.name, sha256=sha256(f), bytes=f.stat().st_size) for f in arrived.archive),
            unknown_columns=tuple(unknown),
            definition_hash=agency.definition_hash,
            code_version=_code_version(),
            columns_version=columns_version(),
            landed_at=dt.datetime.now(dt.UTC),
            seconds=round(time.perf_counter() - start, 3),
            cursor=next_cursor(agency, day, arrived, archive.name, last),
            delivered_on=dt.datetime.fromtimestamp(arrived.changed, JAKARTA).date() if arrived.changed else None,
        )
        left = failing.pop_all()

    def commit() -> None:
        with left:
            if arrived.newest is not None:  # the next days are read on top of these rows
                for raw in arrived.archive:
                    flush(raw)
            commit_landed(settings, snapshot, unfinished, archive)
        forget_progress(archive)

    return snapshot, commit


@cache
def _code_version() -> str:
    """The package's version; its metadata are a file to be parsed."""
    return importlib.metadata.version("mutasi")


def _remarks(snapshot: Landed) -> str | None:
    """What the ledger should say of a snapshot that landed."""
    remarks = []
    if snapshot.rows_refused:
        remarks.append(f"{snapshot.rows_refused} records were refused by the source; they are listed in the raw archive")
    if snapshot.rows_skipped:
        remarks.append(f"{snapshot.rows_skipped} rows are no records by `skip_where`")
    return "; ".join(remarks) or None


def _write(settings: Settings, agency: Agency, name: str, arrived: Extract, target: Path) -> tuple[int, int, list[str]]:
    """(rows landed, rows that are no records, source columns that nobody mapped)."""
    source = agency.datasets[name]
    names = arrived.batches.schema.names
    mapped = {m.source for m in source.columns.values()} | {*source.skip_where, *source.fill_down}
    ignored = set(names) if source.ignore == "*" else set(source.ignore)
    rows = skipped = 0
    with ExitStack() as files:
        file = None
        try:
            for landed, left_out in landed_rows(settings, agency.agency_id, datasets()[name], source, arrived):
                file = file or files.enter_context(DataFile(target, landed.schema))
                file.write(landed)
                rows, skipped = rows + len(landed), skipped + left_out
        except (duckdb.Error, pa.ArrowException) as error:
            # Their messages quote the offending value, so only the kind of error goes on
            raise LandingError(
                f"{agency.agency_id}, {name}: the columns could not be typed ({type(error).__name__}); nothing was landed. "
                "Check the column map of this dataset with `mutasi check-agency`."
            ) from None
    return rows, skipped, sorted(set(names) - mapped - ignored)
