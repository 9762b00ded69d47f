"""What may be forgotten: dated rows say how long each kind of file is kept, and a dry run says what would go.

What is in use is never removed, however old: the newest promoted snapshot of every agency and dataset, the newest published
week, every week that a decision names, and the history.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutasi.errors import NeedsAPerson
from mutasi.landing.snapshots import PRUNED, days, in_use
from mutasi.rules import rules_in_force
from mutasi.settings import Settings

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
WEEK = re.compile(r"(\d{4})-W(\d{2})")
KINDS = (
    "raw",
    "landing",
    "checks",
    "quarantine",
    "promoted",
    "quality",
    "reports",
    "published",
    "marts",
    "plans",
    "rebuilt",
    "logs",
)

# Where files and folders bear their day in the name; elsewhere `<kind>/<dataset>/<day>`.
PLACES = {"raw": "raw/*/*/*", "reports": "reports/*/*", "published": "published/*.json", "marts": "published/*.duckdb"}


class RetentionError(NeedsAPerson):
    """No rule in force says how long a kind of file is kept."""


@dataclass(frozen=True)
class Expired:
    """A file or folder past its time."""

    kind: str
    path: Path
    day: dt.date
    bytes: int


def retention_days(settings: Settings, today: dt.date) -> dict[str, int]:
    """Days to keep each kind of file, from the rules in force on `today`.

    Raises:
        RetentionError: a kind has no rule in force.
    """
    codes = {code: value for code, value in rules_in_force(settings, today).items() if code.startswith("retention_")}
    found = {code.removeprefix("retention_").removesuffix("_days"): int(value) for code, value in codes.items()}
    if missing := [kind for kind in KINDS if kind not in found]:
        raise RetentionError(f"No rule in force says how long to keep {', '.join(missing)}: add retention_…_days to rules.csv.")
    return found


def expired(settings: Settings, today: dt.date) -> list[Expired]:
    """Everything past its time, by kind and day."""
    keep = retention_days(settings, today)
    found: list[Expired] = []
    for kind in KINDS:
        first_kept = today - dt.timedelta(days=keep[kind])
        found += [Expired(kind, path, day, _size(path)) for path, day in _dated(settings, kind) if day < first_kept]
    return sorted(found, key=lambda e: (e.kind, e.day, str(e.path)))


def prune(found: list[Expired]) -> int:
    """Remove what `expired` found; returns the bytes freed."""
    for entry in found:
        if entry.kind == "promoted":  # before its snapshot goes: history must not take it for one that was withdrawn
            (entry.path.parent / PRUNED).touch()
        if entry.path.is_dir():
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            entry.path.unlink(missing_ok=True)
    return sum(entry.bytes for entry in found)


def _dated(settings: Settings, kind: str) -> Iterator[tuple[Path, dt.date]]:
    home = settings.home
    if kind == "promoted":
        yield from _promoted_out_of_use(settings)
    elif kind == "quality":
        yield from _by_name((home / "quality").glob("*/*.parquet"))
        yield from _by_time((home / "quality" / "runs").glob("*/"))
    elif kind == "plans":
        yield from _weeks_out_of_use(settings)
    elif kind == "rebuilt":
        yield from _by_time((home / "rebuilt").glob("*"))
    elif kind == "logs":
        for folder in ("airflow/logs", "warehouse/dbt/results", "tmp"):
            yield from _by_time(path for path in (home / folder).glob("**/*") if path.is_file())
    else:
        yield from _by_name(home.glob(PLACES.get(kind, f"{kind}/*/*")))


def _promoted_out_of_use(settings: Settings) -> Iterator[tuple[Path, dt.date]]:
    """Promoted files but for the newest of each agency."""
    for folder in (settings.home / "promoted").glob("*"):
        used = {(s.snapshot_date, s.agency_id) for s in in_use(settings, folder.name, dt.date.max).values()}
        for day in days(settings, "promoted", folder.name):
            for manifest in (folder / day.isoformat()).glob("*.json"):
                if (day, manifest.stem) not in used:
                    yield manifest, day
                    yield from ((file, day) for file in manifest.parent.glob(f"{manifest.stem}-????????.parquet"))


def _weeks_out_of_use(settings: Settings) -> Iterator[tuple[Path, dt.date]]:
    """Runs and extracts by week, but for the newest published week and for those whose proposals a decision names."""
    published = max((link.parent.name for link in (settings.home / "extracts").glob("*/current")), default="")
    forms = b"".join(file.read_bytes() for file in (settings.home / "decisions").glob("*.csv"))
    for kind in ("runs", "extracts"):
        for week in (settings.home / kind).glob("*"):
            is_named = any(run.name.encode() in forms for run in (settings.home / "runs" / week.name).glob("[!.]*"))
            if (match := WEEK.fullmatch(week.name)) and week.name != published and not is_named:
                yield week, dt.date.fromisocalendar(int(match[1]), int(match[2]), 7)


def _by_name(paths: Iterator[Path]) -> Iterator[tuple[Path, dt.date]]:
    for path in paths:
        if match := DAY.match(path.name):
            yield path, dt.date.fromisoformat(match.group())


def _by_time(paths: Iterator[Path]) -> Iterator[tuple[Path, dt.date]]:
    for path in paths:
        if not path.name.startswith("_"):
            yield path, dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()


def _size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size
