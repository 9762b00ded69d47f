"""Build the marts of an earlier day again and say whether they equal what was published then.

The day is rebuilt from the files that stood in use on it, in a home of its own, so that readers and the nightly run notice
nothing. Equal inputs, rules and code must give equal tables; where something differs, the report names it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mutasi.engine import connect, quoted
from mutasi.errors import NeedsAPerson
from mutasi.landing.snapshots import link
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.warehouse.build import build
from mutasi.warehouse.built import REPORTING, build_file
from mutasi.warehouse.dictionary import model_tables
from mutasi.warehouse.differences import RowChanges, row_changes
from mutasi.warehouse.fingerprint import Fingerprint, fingerprint, kept, rows_file
from mutasi.warehouse.inputs import link_inputs

CAUSES = {
    "code": "the code of the marts has changed since",
    "rules": "dated rules or other seeds have changed since",
    "inputs": "snapshots or history of that day have changed since (a late delivery, a correction, an erasure)",
}


class RebuildError(NeedsAPerson):
    """The day cannot be rebuilt; the message says what is missing."""


@dataclass(frozen=True)
class Comparison:
    """A day rebuilt and what was published then.

    Attributes:
        published, rebuilt: both fingerprints; `published` is None where none was recorded.
        causes: names of `CAUSES` that differ.
        differing: by table, the columns that differ; empty where rows came or went in a table without columns in common.
        rows: by table, rows that came, went or changed; only of marts, and while the file of that day is kept.
    """

    day: dt.date
    published: Fingerprint | None
    rebuilt: Fingerprint
    causes: tuple[str, ...]
    differing: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, RowChanges] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Every table is as it was published."""
        return self.published is not None and not self.differing

    def lines(self) -> list[str]:
        """The report, a sentence or table a line."""
        if self.published is None:
            return [f"Rebuilt {self.day}: {len(self.rebuilt.tables)} tables. Nothing was recorded when that day was published."]
        if self.is_equal:
            return [
                f"Rebuilt {self.day}: all {len(self.rebuilt.tables)} tables equal what run {self.published.run_id} published."
            ]
        why = [CAUSES[cause] for cause in self.causes] or ["inputs, rules and code are the same: this is a defect"]
        found = [f"Rebuilt {self.day}: {len(self.differing)} tables differ from what run {self.published.run_id} published."]
        told = [line for table in sorted(self.differing) for line in self._lines_of(table)]
        return [*found, *(f"  because {reason}" for reason in why), *told]

    def _lines_of(self, table: str) -> list[str]:
        before = self.published.tables.get(table) if self.published else None
        after = self.rebuilt.tables.get(table)
        rows = f"{before.rows if before else 'absent'} -> {after.rows if after else 'absent'} rows"
        columns = ", ".join(self.differing[table]) or "no column in common"
        changes = self.rows.get(table)
        if changes is None:
            return [f"  {table}: {rows}; {columns}"]
        counts = f"{changes.added} added, {changes.missing} missing, {changes.changed} changed"
        return [f"  {table}: {rows} ({counts}); {columns}", *changes.lines()]


def rebuild(settings: Settings, agencies: Mapping[str, Agency], day: dt.date, *, keep_home: bool = False) -> Comparison:
    """Rebuild a day and compare.

    Args:
        settings: the home whose snapshots and history are read.
        agencies: the agencies that may take part.
        day: the day that the marts describe.
        keep_home: leave the rebuilt database below `rebuilt/<day>` for a look.

    Raises:
        RebuildError: no agency has snapshots of every core dataset for that day (never landed, or pruned).
        BuildError: a model or test failed.
    """
    refusal = f"No agency has snapshots of every core dataset for {day}: they never landed, or are past their retention."
    if not (settings.home / "promoted").exists():
        raise RebuildError(refusal)
    home = settings.folder("rebuilt") / day.isoformat()
    shutil.rmtree(home, ignore_errors=True)
    apart = Settings(home=home, project=settings.project, agencies=settings.agencies)
    apart.folder("tmp")
    try:
        _as_it_stood(settings, apart, day)
        if not link_inputs(apart, agencies, day):
            raise RebuildError(refusal)
        run_id = f"rebuild-{day.isoformat()}"
        build(apart, as_of=day, run_id=run_id)
        return _with_rows(settings, compare(kept(settings, day), fingerprint(apart, run_id), day), apart)
    finally:
        if not keep_home:
            shutil.rmtree(home, ignore_errors=True)
            with suppress(OSError):  # another day may be kept there
                home.parent.rmdir()


def compare(published: Fingerprint | None, rebuilt: Fingerprint, day: dt.date) -> Comparison:
    """Say which tables and columns differ, and which of their causes."""
    if published is None:
        return Comparison(day, None, rebuilt, (), {})
    causes = tuple(cause for cause in CAUSES if getattr(published, cause) != getattr(rebuilt, cause))
    differing: dict[str, tuple[str, ...]] = {}
    for name in sorted({*published.tables, *rebuilt.tables}):
        before, after = published.tables.get(name), rebuilt.tables.get(name)
        if before is None or after is None:
            differing[name] = ()
        elif before != after:
            columns = [*before.columns, *(c for c in after.columns if c not in before.columns)]
            differing[name] = tuple(c for c in columns if before.columns.get(c) != after.columns.get(c))
    return Comparison(day, published, rebuilt, causes, differing)


def _with_rows(settings: Settings, found: Comparison, apart: Settings) -> Comparison:
    """The comparison with its rows, where the file that BI opened that day is still kept."""
    if not found.published:
        return found
    marts = [table for table in found.differing if table.startswith("marts.")]
    keys = {f"marts.{table.name}": table.key for table in model_tables(settings.dbt_project / "models", "marts")}
    then = rows_file(settings, found.day)
    return replace(found, rows=row_changes(then, build_file(apart, REPORTING), found.published.run_id, marts, keys))


def _as_it_stood(settings: Settings, apart: Settings, day: dt.date) -> None:
    """Lay out what a build of the day reads: snapshots as they are, history and results up to the day."""
    iso = day.isoformat()
    (apart.home / "promoted").symlink_to(settings.home / "promoted")
    (apart.home / "cache").symlink_to(settings.cache())
    for file in (settings.home / "history").glob("*/????-??-??.parquet"):
        if file.stem <= iso:
            link(file, apart.folder("history", file.parent.name) / file.name)
    for kind in ("check_results", "quarantine"):
        for file in (settings.home / "quality" / kind).glob("????-??-??*.parquet"):
            if file.name[:10] <= iso:
                link(file, apart.folder("quality", kind) / file.name)
    for file in (settings.home / "checks").glob("*/????-??-??/failures.parquet"):
        if file.parent.name <= iso:
            link(file, apart.folder("checks", file.parent.parent.name, file.parent.name) / file.name)
    _runs_until(settings, apart, day)


def _runs_until(settings: Settings, apart: Settings, day: dt.date) -> None:
    """The ledger of the runs of the day and before; later runs may speak of the day too, but it did not know them."""
    if not any((settings.home / "quality" / "runs").glob("*/*.parquet")):
        return
    with connect(settings) as con:
        files = con.execute(
            f"""
            select filename from read_parquet({quoted(str(settings.home / "quality" / "runs" / "*" / "*.parquet"))},
                union_by_name = true, filename = true)
            group by filename having max(snapshot_date) <= ?
            """,
            [day],
        ).fetchall()
    for (name,) in files:
        file = Path(name)
        link(file, apart.folder("quality", "runs", file.parent.name) / file.name)
