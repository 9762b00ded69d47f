"""A dataset's day as DuckDB views: what every agency landed, what it landed before, and what its rows refer to.

The views are what the suites speak of; each file is read where it lies, nothing is copied.

    <dataset>           landing rows of all agencies whose file is whole, with `_record_key` and `_day`
    <dataset>_volume    one row per agency: what arrived against what was announced and what was there before
    repeats             rows whose key occurs more than once: which copy they are, how many contents their key has
    <other dataset>     as far as the rules speak of it: per agency that day's landing rows, else the promoted ones in
                        use, without contact columns
"""

from __future__ import annotations

import datetime as dt
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from mutasi.engine import named, quoted
from mutasi.landing.snapshots import Landed, data_path, in_use, read_manifest, sha256
from mutasi.settings import Settings
from mutasi.sources.datasets import Dataset, datasets

MARKS = ("_unreadable", "_unmapped", "_repaired")


@dataclass(frozen=True)
class Arrival:
    """What one agency delivered of a dataset; the fields are the columns of `<dataset>_volume`.

    Attributes:
        rows_received: the source's own count of what it delivered; must equal `rows_landed`.
        rows_refused: persons or records that the source named but would not deliver; not in `rows_received`.
        core_rows: rows landed where the dataset is a core one, else None.
        rows_before: rows of the snapshot in use on the day before; None if there was none.
        unknown_columns: number of source columns that nothing maps.
        file: the Parquet file; None unless it is whole.
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


VOLUME_TYPES = {"agency_id": pa.string(), "is_landed": pa.bool_(), "is_readable": pa.bool_(), "file": pa.string()}


def arrivals(settings: Settings, dataset: str, day: dt.date) -> list[Arrival]:
    """What each agency delivered that day, and who should have: agencies that delivered something that day and have an
    earlier promoted snapshot of this dataset."""
    before = {
        agency: manifest.rows_promoted + manifest.rows_quarantined
        for agency, manifest in in_use(settings, dataset, day - dt.timedelta(days=1)).items()
    }
    present = {name: _manifests(settings, name, day) for name in datasets()}
    expected = set(before) & set().union(*present.values())
    found = present[dataset]
    return [
        _arrival(settings, datasets()[dataset], agency, found.get(agency), before.get(agency))
        for agency in sorted(expected | set(found))
    ]


def open_day(
    con: duckdb.DuckDBPyConnection, settings: Settings, dataset: str, day: dt.date, arrived: list[Arrival], others: set[str]
) -> None:
    """Make the views and tables named in the module's docstring; `others` are the datasets that rules refer to."""
    canon = datasets()[dataset]
    con.execute(f"create view {dataset} as {_rows(canon, [a.file for a in arrived if a.file], day)}")
    _repeats(con, canon)
    _volume(con, canon, arrived)
    for other in sorted(others):
        con.execute(f"create view {other} as {_references(datasets()[other], settings, day)}")


def _repeats(con: duckdb.DuckDBPyConnection, canon: Dataset) -> None:
    required = [name for name in canon.key if canon.columns[name].required]
    # Not `_repaired`: rows that differ in a blank which was taken out say the same.
    columns = ", ".join(named(name) for name in (*canon.columns, "_unreadable", "_unmapped"))
    con.execute(
        f"""
        create table repeats as
        with keys as (
            select agency_id, _record_key from {canon.name} where {" and ".join(f"{c} is not null" for c in required)}
            group by all having count(*) > 1
        ), numbered as (
            select d.agency_id, d._row_id, d._record_key,
                row_number() over (partition by d.agency_id, {columns} order by d._row_id) as copy_number
            from {canon.name} as d semi join keys as k on k.agency_id = d.agency_id and k._record_key = d._record_key
        )
        select agency_id, _row_id, copy_number,
            count(*) filter (where copy_number = 1) over (partition by agency_id, _record_key) as variants
        from numbered
        """
    )


def _volume(con: duckdb.DuckDBPyConnection, canon: Dataset, arrived: list[Arrival]) -> None:
    names = [f.name for f in fields(Arrival)]
    cells = list(zip(*(astuple(a) for a in arrived), strict=True)) or [()] * len(names)
    volume = pa.table({n: pa.array(c, VOLUME_TYPES.get(n, pa.int64())) for n, c in zip(names, cells, strict=True)})
    con.register("arrived", volume)
    con.execute(f"create table {canon.name}_volume as select *, null::bigint as _row_id, '' as _record_key from arrived")


def _manifests(settings: Settings, dataset: str, day: dt.date) -> dict[str, Path]:
    return {file.stem: file for file in (settings.home / "landing" / dataset / day.isoformat()).glob("*.json")}


def _arrival(settings: Settings, dataset: Dataset, agency: str, file: Path | None, before: int | None) -> Arrival:
    manifest = _manifest(file)
    if manifest is None:
        return Arrival(agency, file is not None, False, None, None, None, None, before, None, None)
    path = data_path(settings, "landing", manifest)
    is_whole = _is_whole(path, manifest, dataset)
    return Arrival(
        agency_id=agency,
        is_landed=True,
        is_readable=is_whole,
        rows_received=manifest.rows_received,
        rows_landed=manifest.rows_landed,
        rows_refused=manifest.rows_refused,
        core_rows=manifest.rows_landed if dataset.core else None,
        rows_before=before,
        unknown_columns=len(manifest.unknown_columns),
        file=str(path) if is_whole else None,
    )


def _manifest(file: Path | None) -> Landed | None:
    try:
        return read_manifest(file, Landed) if file else None
    except (OSError, ValidationError):
        return None


def _is_whole(file: Path, manifest: Landed, dataset: Dataset) -> bool:
    """The file is what its manifest says, byte by byte, and has the columns of the dataset."""
    try:
        if sha256(file) != manifest.data_sha256:
            return False
        with pq.ParquetFile(file) as parquet:
            names, rows = set(parquet.schema_arrow.names), parquet.metadata.num_rows
    except (OSError, pa.ArrowInvalid):
        return False
    return rows == manifest.rows_landed and names >= {"agency_id", "_row_id", *dataset.columns, *MARKS}


def _rows(dataset: Dataset, files: list[str], day: dt.date) -> str:
    columns = ", ".join(named(name) for name in dataset.columns)
    key = " || '|' || ".join(f"coalesce(cast({named(name)} as varchar), '')" for name in dataset.key)
    extra = f"{key} as _record_key, date {quoted(day.isoformat())} as _day"
    if not files:
        typed = ", ".join(f"null::{column.sql_type} as {named(name)}" for name, column in dataset.columns.items())
        marks = ", ".join(f"''::varchar as {name}" for name in MARKS)
        empty = f"select null::varchar as agency_id, null::bigint as _row_id, {typed}, {marks}"
        return f"select agency_id, _row_id, {columns}, {', '.join(MARKS)}, {extra} from ({empty}) where false"
    return f"select agency_id, _row_id, {columns}, {', '.join(MARKS)}, {extra} from {_parquet(files)}"


def _references(dataset: Dataset, settings: Settings, day: dt.date) -> str:
    """Rows that others refer to: today's of each agency, else those in use."""
    files: dict[str, Path] = {}
    for agency, promoted in in_use(settings, dataset.name, day).items():
        files[agency] = data_path(settings, "promoted", promoted)
    for agency, file in _manifests(settings, dataset.name, day).items():
        manifest = _manifest(file)
        if manifest and _is_whole(path := data_path(settings, "landing", manifest), manifest, dataset):
            files[agency] = path
    columns = dataset.promoted_columns
    if not files:
        typed = ", ".join(f"null::{column.sql_type} as {named(name)}" for name, column in columns.items())
        return f"select null::varchar as agency_id, {typed} where false"
    names = ", ".join(named(name) for name in columns)
    return f"select agency_id, {names} from {_parquet([str(files[a]) for a in sorted(files)])}"


def _parquet(files: list[str]) -> str:
    return f"read_parquet([{', '.join(quoted(file) for file in files)}], union_by_name = true)"
