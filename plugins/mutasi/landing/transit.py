"""From machines that only land to the one that keeps the warehouse, over a folder that all of them reach.

`MUTASI_LANDING_CONNECTION` names the folder's connection; without it there is one home, and nothing here is used. Each attempt
to land has a file name of its own, and what has arrived is removed: persons' data lie in one place.

    <day>/<agency_id>.<dataset>.<time>.zip      manifest, data and raw files of a landing snapshot
    runs/<run_id>/land-<agency_id>.parquet      rows of the ledger, also of what did not land
    cursors/<agency_id>.<dataset>.zip           what the next incremental read goes on from, in the other direction
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mutasi.landing.replaced import commit_landed
from mutasi.landing.retention import DAY, retention_days
from mutasi.landing.shared_area import MANIFEST, Connect, NotWholeError, SharedArea, unpack
from mutasi.landing.snapshots import (
    Landed,
    Promoted,
    data_path,
    day_folder,
    in_use_of,
    manifest_file,
    scratch,
    sha256,
)
from mutasi.settings import Settings
from mutasi.sources.agency import Agency

VARIABLE = "MUTASI_LANDING_CONNECTION"
DATA, RAW = "data.parquet", "raw/"
AT_ONCE = 8
TIMED = "%Y%m%dT%H%M%S%f"
SENT = re.compile(r"\.(\d{8}T\d{12})\.zip(\.part)?")
log = logging.getLogger(__name__)


class Transit:
    """What goes over the shared area; every method raises `TransitError` when the area cannot be used."""

    def __init__(self, settings: Settings, area: SharedArea) -> None:
        self._settings, self._area = settings, area

    def ship(self, snapshot: Landed) -> None:
        """Send a snapshot that landed here; what lies here of it is removed."""
        raw, data = self._archived(snapshot, snapshot.raw_folder), data_path(self._settings, "landing", snapshot)
        parts = {DATA: data} | {f"{RAW}{f.relative_to(raw)}": f for f in raw.rglob("*") if f.is_file()}
        path = f"{snapshot.snapshot_date}/{snapshot.agency_id}.{snapshot.dataset}.{snapshot.landed_at:{TIMED}}.zip"
        self._area.send_archive(path, snapshot.model_dump_json(indent=1), parts)
        manifest_file(self._settings, "landing", snapshot.dataset, snapshot.snapshot_date, snapshot.agency_id).unlink()
        data.unlink()
        shutil.rmtree(raw)

    def ship_ledger(self, run_id: str, agency_id: str) -> None:
        """Send the ledger's rows of a landing."""
        file = _ledger(self._settings, run_id, agency_id)
        self._area.send(file, f"runs/{run_id}/{file.name}")

    def take(self, day: dt.date) -> int:
        """Put every snapshot of a day that has arrived into the home, oldest first; returns how many.

        One that is not whole is told and left; its agency keeps the day before. What has lain there for longer than landing
        snapshots are kept, because it is not whole or nobody asked for its day, is removed.
        """
        by_subject = defaultdict(list)
        for path in self._area.archives(day.isoformat()):
            by_subject[path.rsplit(".", 2)[0]].append(path)
        with ThreadPoolExecutor(AT_ONCE if self._area.is_object_store else 1) as pool:
            taken = sum(pool.map(self._take_all, by_subject.values()))
        self._forget_leftovers(dt.datetime.now(dt.UTC))
        return taken

    def take_ledger(self, run_id: str, agency_id: str) -> None:
        """Put the ledger's rows of an agency's landing into the home, where there are any."""
        target = _ledger(self._settings, run_id, agency_id)
        path = f"runs/{run_id}/{target.name}"
        if self._area.has(path):
            self._area.fetch(path, target)
            self._area.remove(path)

    def leave_cursors(self, agency: Agency) -> None:
        """Say where the next incremental reads of an agency go on, wherever they are made."""
        for name in agency.datasets:
            if getattr(agency.datasets[name].read, "cursor", None) is None:
                continue
            path = _cursor(agency.agency_id, name)
            used = in_use_of(self._settings, name, dt.date.max, agency.agency_id)
            if used and used.cursor and (raw := self._archived(used, used.cursor.raw_folder) / "raw.parquet").exists():
                self._area.send_archive(path, used.model_dump_json(indent=1), {DATA: raw})
            elif self._area.has(path):
                self._area.remove(path)

    def last(self, agency_id: str, name: str, raw: Path) -> Promoted | None:
        """The snapshot that an incremental read goes on from, with its rows written to `raw`; None where there is no whole one."""
        path = _cursor(agency_id, name)
        if not self._area.has(path):
            return None
        try:
            with self._area.archive(path) as archive:
                unpack(archive, DATA, raw)
                return Promoted.model_validate_json(archive.read(MANIFEST))
        except NotWholeError as error:
            log.warning("%s Everything is read.", error)
            return None

    def _forget_leftovers(self, now: dt.datetime) -> None:
        """By the time at which a file was sent: the landing of an old day may be under way."""
        since = now - dt.timedelta(days=retention_days(self._settings, now.date())["landing"])
        for folder in (name for name in self._area.folders() if DAY.fullmatch(name) and name < f"{since:%Y-%m-%d}"):
            for path in self._area.files(folder):
                if (match := SENT.search(path)) and match[1] < f"{since:{TIMED}}":
                    log.warning("The shared landing area: %s has lain there since before %s and is removed.", path, since.date())
                    self._area.remove(path)

    def _take_all(self, paths: Iterable[str]) -> int:
        taken = 0
        for path in paths:
            try:
                self._take(path)
                self._area.remove(path)
                taken += 1
            except NotWholeError as error:
                log.error("%s", error)
        return taken

    def _take(self, path: str) -> None:
        with self._area.archive(path) as archive:
            snapshot = Landed.model_validate_json(archive.read(MANIFEST))
            folder = day_folder(self._settings, "landing", snapshot.dataset, snapshot.snapshot_date)
            raw = self._archived(snapshot, snapshot.raw_folder)
            shutil.rmtree(raw, ignore_errors=True)
            self._settings.folder(*raw.relative_to(self._settings.home).parts)
            for part in (name for name in archive.namelist() if name.startswith(RAW)):
                unpack(archive, part, raw / part.removeprefix(RAW))
            temporary = scratch(folder)
            unpack(archive, DATA, temporary)
        sent = {snapshot.data_sha256, *(file.sha256 for file in snapshot.raw_files)}
        if sent - {sha256(file) for file in (temporary, *raw.rglob("*")) if file.is_file()}:
            temporary.unlink()
            raise NotWholeError(f"The shared landing area: {path} is not what its manifest says. Clear `land` of this agency.")
        commit_landed(self._settings, snapshot, temporary, raw)

    def _archived(self, snapshot: Landed | Promoted, folder: str) -> Path:
        day = snapshot.snapshot_date.isoformat()
        return self._settings.home / "raw" / snapshot.agency_id / snapshot.dataset / day / folder


def transit(settings: Settings, connect: Connect) -> Transit | None:
    """The way over the shared area; None where there is one home.

    Raises:
        TransitError: it cannot be opened.
        SourceError: there is no connection of that name.
    """
    name = os.environ.get(VARIABLE, "")
    return Transit(settings, SharedArea(name, connect, settings.folder("tmp"))) if name else None


@contextmanager
def around_promotion(settings: Settings, connect: Connect, agency: Agency, run_id: str) -> Iterator[None]:
    """Take the ledger of an agency's landing, and say afterwards where its next reads go on, also when a dataset was stopped."""
    if shared := transit(settings, connect):
        shared.take_ledger(run_id, agency.agency_id)
    try:
        yield
    finally:
        if shared:
            shared.leave_cursors(agency)


def _cursor(agency_id: str, name: str) -> str:
    return f"cursors/{agency_id}.{name}.zip"


def _ledger(settings: Settings, run_id: str, agency_id: str) -> Path:
    return settings.folder("quality", "runs", run_id) / f"land-{agency_id}.parquet"
