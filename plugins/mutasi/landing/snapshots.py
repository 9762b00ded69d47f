"""A snapshot is one dataset of one agency on one day: a Parquet file and the manifest that makes it count.

The manifest is written last, in one rename, and names its data file. A killed run therefore leaves either the old
snapshot or the new one, and a half-written Parquet file that nothing refers to.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from mutasi.durable import put, put_for_good
from mutasi.settings import Settings

Stage = Literal["landing", "promoted"]
PRUNED = ".pruned"  # stands in the folder of a day that has lost snapshots to retention


class RawFile(BaseModel):
    """One file of the raw archive."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    bytes: int


class Cursor(BaseModel):
    """Where the next incremental read of a database goes on.

    Attributes:
        newest: newest value of the cursor column among the rows of the snapshot.
        read_whole_on: the last day on which everything was read, and not only what changed.
        raw_folder: where the snapshot's rows stand in the raw archive of its day.
        definition_hash: the agency file by which they were read.
    """

    model_config = ConfigDict(frozen=True)

    newest: int | str
    read_whole_on: dt.date
    raw_folder: str
    definition_hash: str


class Manifest(BaseModel):
    """What every snapshot says of itself; `delivered_on` is the day on which the file that was read last changed, if one was read."""

    model_config = ConfigDict(frozen=True)

    agency_id: str
    dataset: str
    snapshot_date: dt.date
    data_file: str
    data_sha256: str
    rows_received: int
    cursor: Cursor | None = None
    delivered_on: dt.date | None = None

    def age(self, day: dt.date) -> int:
        """Days since the data were true: a file that nobody replaced is as old as it is, however often it is read."""
        return (day - min(self.snapshot_date, self.delivered_on or self.snapshot_date)).days


class Landed(Manifest):
    """A typed snapshot before it was judged.

    `rows_skipped` are rows that are no records, such as subtotals; the source's own count is `rows_received + rows_skipped`.
    """

    rows_landed: int
    rows_skipped: int = 0
    rows_refused: int
    raw_folder: str
    raw_files: tuple[RawFile, ...]
    unknown_columns: tuple[str, ...]
    definition_hash: str
    code_version: str
    columns_version: int
    landed_at: dt.datetime
    seconds: float


class Promoted(Manifest):
    """A snapshot that may be used."""

    rows_promoted: int
    rows_quarantined: int
    landing_sha256: str
    columns_version: int


M = TypeVar("M", bound=Manifest)


def sha256(file: Path) -> str:
    """Hex digest of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def day_folder(settings: Settings, stage: str, dataset: str, day: dt.date) -> Path:
    """The folder that holds a dataset's day."""
    return settings.folder(stage, dataset, day.isoformat())


def manifest_file(settings: Settings, stage: Stage, dataset: str, day: dt.date, agency_id: str) -> Path:
    """Where the manifest of a snapshot stands once the snapshot counts."""
    return settings.home / stage / dataset / day.isoformat() / f"{agency_id}.json"


def read_manifest(file: Path, kind: type[M]) -> M:
    """Read one manifest."""
    return kind.model_validate_json(file.read_bytes())


def data_path(settings: Settings, stage: Stage, manifest: Manifest) -> Path:
    """The Parquet file of a snapshot."""
    return settings.home / stage / manifest.dataset / manifest.snapshot_date.isoformat() / manifest.data_file


def landed(settings: Settings, dataset: str, day: dt.date) -> dict[str, Landed]:
    """All landing snapshots of a dataset's day by agency."""
    return _of_day(settings, "landing", dataset, day, Landed)


def promoted(settings: Settings, dataset: str, day: dt.date) -> dict[str, Promoted]:
    """All promoted snapshots of a dataset's day by agency."""
    return _of_day(settings, "promoted", dataset, day, Promoted)


def landed_of(settings: Settings, dataset: str, day: dt.date, agency_id: str) -> Landed | None:
    """One agency's landing snapshot of a day; the others' manifests are not opened."""
    return _of_one(settings, "landing", dataset, day, agency_id, Landed)


def promoted_of(settings: Settings, dataset: str, day: dt.date, agency_id: str) -> Promoted | None:
    """What was promoted of one agency that day; the others' manifests are not opened."""
    return _of_one(settings, "promoted", dataset, day, agency_id, Promoted)


def in_use_of(settings: Settings, dataset: str, as_of: dt.date, agency_id: str) -> Promoted | None:
    """One agency's part of `in_use`; the others' manifests are not opened."""
    return _newest_of(settings, "promoted", dataset, as_of, agency_id, Promoted)


def landed_before(settings: Settings, dataset: str, day: dt.date, agency_id: str) -> Landed | None:
    """One agency's landing snapshot of the last day before that has one."""
    return _newest_of(settings, "landing", dataset, day - dt.timedelta(days=1), agency_id, Landed)


def _of_one(settings: Settings, stage: Stage, dataset: str, day: dt.date, agency_id: str, kind: type[M]) -> M | None:
    file = manifest_file(settings, stage, dataset, day, agency_id)
    return read_manifest(file, kind) if file.exists() else None


def _newest_of(settings: Settings, stage: Stage, dataset: str, until: dt.date, agency_id: str, kind: type[M]) -> M | None:
    folders = (settings.home / stage / dataset).glob("????-??-??")
    for folder in sorted((folder for folder in folders if folder.name <= until.isoformat()), reverse=True):
        file = folder / f"{agency_id}.json"
        if file.exists():
            return read_manifest(file, kind)
    return None


def _of_day(settings: Settings, stage: Stage, dataset: str, day: dt.date, kind: type[M]) -> dict[str, M]:
    folder = settings.home / stage / dataset / day.isoformat()
    return {file.stem: read_manifest(file, kind) for file in sorted(folder.glob("*.json"))}


def days(settings: Settings, stage: Stage, dataset: str) -> list[dt.date]:
    """The days of a dataset that hold at least one snapshot, oldest first."""
    folders = (settings.home / stage / dataset).glob("????-??-??")
    return sorted(dt.date.fromisoformat(folder.name) for folder in folders if any(folder.glob("*.json")))


def in_use(settings: Settings, dataset: str, as_of: dt.date) -> dict[str, Promoted]:
    """The newest promoted snapshot of each agency not later than `as_of`.

    This is the whole rule behind "yesterday's snapshot stays in use": where today's was not promoted, an older one is
    the newest.
    """
    found: dict[str, Path] = {}
    for folder in sorted((settings.home / "promoted" / dataset).glob("????-??-??")):
        if folder.name <= as_of.isoformat():
            found |= dict.fromkeys(_names(folder, ending=".json"), folder)
    return {name.removesuffix(".json"): read_manifest(found[name] / name, Promoted) for name in sorted(found)}


def _names(folder: Path, starting: str = "", ending: str = "") -> list[str]:
    """Names in a folder; of months of 640 agencies a path for each would take longer than all else."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.name.startswith(starting) and entry.name.endswith(ending)]


def data_name(agency_id: str, digest: str) -> str:
    """What a data file is called, by its content."""
    return f"{agency_id}-{digest[:8]}.parquet"


def commit(settings: Settings, stage: Stage, manifest: Manifest, unfinished: Path) -> None:
    """Make a snapshot count: its data, then the manifest. Data of the same agency and day that nothing names any more are dropped."""
    put(unfinished, data_path(settings, stage, manifest))
    file = manifest_file(settings, stage, manifest.dataset, manifest.snapshot_date, manifest.agency_id)
    write_text(file, manifest.model_dump_json(indent=1))
    for name in _names(file.parent, f"{manifest.agency_id}-", ".parquet"):
        if name != manifest.data_file:
            (file.parent / name).unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """Write a small file in one rename."""
    temporary = scratch(file.parent)
    temporary.write_text(text, encoding="utf-8")
    put_for_good(temporary, file)


def link(source: Path, target: Path) -> None:
    """Give a file that is never changed a second place; on another file system a copy serves as well."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def scratch(folder: Path) -> Path:
    """A name for an unfinished file; a leading dot keeps it out of every glob."""
    return folder / f".{os.getpid()}-{uuid.uuid4().hex[:8]}"
