"""Incremental reading goes on from the last promoted snapshot, and from nothing else.

A night that landed but was not promoted leaves no trace here: what changed since the last good day is simply read again. The
place to go on from stands in the promoted manifest; whatever does not fit it exactly makes a whole read, which is always right.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from mutasi.landing.snapshots import Cursor, in_use_of
from mutasi.landing.transit import Transit
from mutasi.settings import Settings
from mutasi.sources.agency import Agency, SqlRead
from mutasi.sources.connection import Earlier, Extract
from mutasi.sources.request import PROGRESS


def last_cursor(
    settings: Settings, agency: Agency, name: str, day: dt.date, archive: Path, shared: Transit | None = None
) -> tuple[Cursor, Earlier] | None:
    """The cursor to go on from on `day`, with the archived rows it belongs to; None when everything is to be read.

    Everything is read when the agency file names no cursor, when no earlier day was promoted, when the agency file changed
    since, when the archive was pruned, and at least every `full_refresh_days`. The same day's own snapshot is left aside, so
    that a night run twice reads the same twice.
    """
    read = agency.datasets[name].read
    if not isinstance(read, SqlRead) or read.cursor is None:
        return None
    raw = archive.parent / PROGRESS / "earlier.parquet"
    if shared:
        used = shared.last(agency.agency_id, name, raw)
    else:
        used = in_use_of(settings, name, day - dt.timedelta(days=1), agency.agency_id)
    if used is None or used.snapshot_date >= day or used.cursor is None or used.cursor.definition_hash != agency.definition_hash:
        return None
    if (day - used.cursor.read_whole_on).days >= read.full_refresh_days:
        return None
    if not shared:
        raw = archive.parents[1] / used.snapshot_date.isoformat() / used.cursor.raw_folder / "raw.parquet"
    return (used.cursor, Earlier(raw, used.cursor.newest)) if raw.exists() else None


def next_cursor(agency: Agency, day: dt.date, arrived: Extract, raw_folder: str, last: Cursor | None) -> Cursor | None:
    """The cursor that the manifest of `day` carries; None without a cursor column or without a value in it."""
    if arrived.newest is None:
        return None
    whole = day if arrived.is_whole or last is None else last.read_whole_on
    return Cursor(newest=arrived.newest, read_whole_on=whole, raw_folder=raw_folder, definition_hash=agency.definition_hash)
