"""A day's landing snapshot takes the place of the one that stood there before, and shares with the day before what is the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mutasi.landing.snapshots import Landed, commit, data_path, landed_before, landed_of, scratch
from mutasi.settings import Settings


def commit_landed(settings: Settings, snapshot: Landed, unfinished: Path, raw: Path) -> None:
    """Make a snapshot count whose raw files are in place.

    Args:
        settings: where snapshots lie.
        snapshot: its manifest is written here.
        unfinished: its data, which get their name here.
        raw: the folder of its raw files; that of the snapshot which stood there before is removed.
    """
    before = landed_of(settings, snapshot.dataset, snapshot.snapshot_date, snapshot.agency_id)
    commit(settings, "landing", snapshot, unfinished)
    _share_unchanged(settings, snapshot, raw)
    if before is not None and before.raw_folder != snapshot.raw_folder:
        shutil.rmtree(raw.with_name(before.raw_folder), ignore_errors=True)


def _share_unchanged(settings: Settings, snapshot: Landed, raw: Path) -> None:
    """The same bytes are kept once."""
    before = landed_before(settings, snapshot.dataset, snapshot.snapshot_date, snapshot.agency_id)
    if before is None:
        return
    if before.data_sha256 == snapshot.data_sha256:
        _link_over(data_path(settings, "landing", before), data_path(settings, "landing", snapshot))
    known = {f.sha256: f.name for f in before.raw_files}
    old_raw = raw.parents[1] / before.snapshot_date.isoformat() / before.raw_folder
    for arrived in snapshot.raw_files:
        if arrived.sha256 in known:
            _link_over(old_raw / known[arrived.sha256], raw / arrived.name)


def _link_over(same: Path, file: Path) -> None:
    temporary = scratch(file.parent)
    try:
        os.link(same, temporary)
    except OSError:  # another file system, or pruned meanwhile: a second copy is as good
        return
    temporary.replace(file)
