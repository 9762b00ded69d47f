"""What each agency delivered of a dataset on a day, from manifests and the footers of Parquet files: no row is read.

How much came, whether the file is whole, how old the data in use are, and whether columns appeared or ran empty.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from mutasi.checks.policies import stale_after
from mutasi.landing.snapshots import Landed, Promoted, data_path, in_use, read_manifest, sha256
from mutasi.landing.typed import MARKS
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, columns_version, datasets


@dataclass(frozen=True)
class Arrival:
    """What one agency delivered of a dataset; the numbers are the columns of `<dataset>_volume`.

    Attributes:
        rows_received: the source's own count of what it delivered; must equal `rows_landed`.
        rows_skipped: rows that the agency file declares to be no records; not in `rows_received`.
        rows_refused: persons or records that the source named but would not deliver; not in `rows_received`.
        core_rows: rows landed where the dataset is a core one, else None.
        rows_before: rows of the snapshot in use on the day before; None if there was none.
        unknown_columns: number of source columns that nothing maps.
        file: the Parquet file; None unless it is whole.
        days_old: age of the data that can be used: of what came when it is whole, else of the snapshot in use.
        stale_after_days: age that the dated policy allows; None where it names none.
        emptied_columns: number of columns that held values in the snapshot in use and hold none now.
        unknown_names, emptied_names: the names of those columns.
        filled_names: columns of the whole file that hold at least one value.
    """

    agency_id: str
    is_landed: bool
    is_readable: bool
    rows_received: int | None
    rows_landed: int | None
    rows_refused: int | None
    core_rows: int | None
    rows_before: int | None
    unknown_columns: int | None
    file: str | None
    days_old: int | None = None
    stale_after_days: int | None = None
    emptied_columns: int | None = None
    rows_skipped: int = 0
    unknown_names: tuple[str, ...] = ()
    emptied_names: tuple[str, ...] = ()
    filled_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Referred:
    """A file that others refer to, its rows, and whether it has all columns of today."""

    file: str
    rows: int
    has_all_columns: bool


def arrivals(settings: Settings, day: dt.date) -> Callable[[str], list[Arrival]]:
    """What each agency delivered of a dataset that day, looked up once for each dataset that is asked for; and who should have: agencies
    that delivered something that day and have an earlier promoted snapshot of the dataset."""
    present = {name: manifests(settings, name, day) for name in datasets()}
    delivering = set().union(*present.values())

    @cache
    def of(dataset: str) -> list[Arrival]:
        before = in_use(settings, dataset, day - dt.timedelta(days=1))
        found, limits = present[dataset], stale_after(settings, dataset, day)
        return [
            _arrival(settings, datasets()[dataset], day, agency, found.get(agency), before.get(agency), limits(agency))
            for agency in sorted((delivering & before.keys()) | found.keys())
        ]

    return of


def manifests(settings: Settings, dataset: str, day: dt.date) -> dict[str, Path]:
    """The landing manifests of a dataset's day by agency, unread."""
    return {file.stem: file for file in (settings.home / "landing" / dataset / day.isoformat()).glob("*.json")}


def referred_to(settings: Settings, dataset: str, day: dt.date, arrived: Sequence[Arrival]) -> dict[str, Referred]:
    """Per agency what others refer to: today's landing if it is whole, else the snapshot in use."""
    whole = {a.agency_id: Referred(a.file, a.rows_landed or 0, True) for a in arrived if a.file}
    used = {
        agency: Referred(
            str(data_path(settings, "promoted", promoted)), promoted.rows_promoted, promoted.columns_version == columns_version()
        )
        for agency, promoted in in_use(settings, dataset, day).items()
    }
    return used | whole


def _arrival(
    settings: Settings, dataset: Dataset, day: dt.date, agency: str, file: Path | None, before: Promoted | None, limit: int | None
) -> Arrival:
    rows_before = before.rows_promoted + before.rows_quarantined if before else None
    days_before = before.age(day) if before else None
    manifest = _manifest(file)
    if manifest is None:
        nothing = (None, None, None, None)
        return Arrival(agency, file is not None, False, *nothing, rows_before, None, None, days_before, limit)
    path = data_path(settings, "landing", manifest)
    filled = _columns_of_whole(path, manifest, dataset)
    emptied = _emptied(settings, dataset, filled, before) if filled is not None and manifest.rows_landed else ()
    return Arrival(
        agency_id=agency,
        is_landed=True,
        is_readable=filled is not None,
        rows_received=manifest.rows_received,
        rows_landed=manifest.rows_landed,
        rows_refused=manifest.rows_refused,
        core_rows=manifest.rows_landed if dataset.core else None,
        rows_before=rows_before,
        unknown_columns=len(manifest.unknown_columns),
        file=str(path) if filled is not None else None,
        days_old=manifest.age(day) if filled is not None else days_before,
        stale_after_days=limit,
        emptied_columns=len(emptied),
        rows_skipped=manifest.rows_skipped,
        unknown_names=tuple(_shown(name) for name in manifest.unknown_columns),
        emptied_names=emptied,
        filled_names=tuple(sorted(filled or ())),
    )


def _shown(name: str) -> str:
    """A source's column name; long numbers are hidden, in case a row was taken for the header."""
    return re.sub(r"\d{5,}", "#", name)[:60]


def _manifest(file: Path | None) -> Landed | None:
    try:
        return read_manifest(file, Landed) if file else None
    except (OSError, ValidationError):
        return None


def _columns_of_whole(file: Path, manifest: Landed, dataset: Dataset) -> set[str] | None:
    """Columns that hold a value; None unless the file is what its manifest says, byte by byte, with the dataset's columns."""
    try:
        if sha256(file) != manifest.data_sha256:
            return None
        with pq.ParquetFile(file) as parquet:
            names, metadata = set(parquet.schema_arrow.names), parquet.metadata
            is_whole = metadata.num_rows == manifest.rows_landed
    except (OSError, pa.ArrowInvalid):
        return None
    if not is_whole or not names >= {"agency_id", "_row_id", *dataset.columns, *MARKS}:
        return None
    return _filled(metadata) & set(dataset.columns)


def _filled(metadata: pq.FileMetaData) -> set[str]:
    """Columns with at least one value, as the footer's statistics say; a column without statistics counts as filled."""
    filled: set[str] = set()
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        for index in range(group.num_columns):
            column = group.column(index)
            statistics = column.statistics if column.is_stats_set else None
            if statistics is None or not statistics.has_null_count or statistics.null_count < group.num_rows:
                filled.add(column.path_in_schema)
    return filled


def _emptied(settings: Settings, dataset: Dataset, filled: set[str], before: Promoted | None) -> tuple[str, ...]:
    if before is None:
        return ()
    try:
        held = _filled(pq.read_metadata(data_path(settings, "promoted", before)))
    except (OSError, pa.ArrowInvalid):
        return ()
    return tuple(sorted((held & set(dataset.promoted_columns)) - filled))
