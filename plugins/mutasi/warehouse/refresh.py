"""Build and publish as the nightly run does them: under one lock, and only what this run built."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

from mutasi.landing.snapshots import days, write_text
from mutasi.ledger import Entry, size_of, stepped
from mutasi.settings import Settings
from mutasi.sources.agency import Agency
from mutasi.warehouse.build import BuildError, build
from mutasi.warehouse.built import build_folder, opened
from mutasi.warehouse.fingerprint import fingerprint, keep
from mutasi.warehouse.inputs import link_inputs
from mutasi.warehouse.leaves import bind_leaves
from mutasi.warehouse.lock import writing
from mutasi.warehouse.publish import publish, reporting_file


def build_warehouse(settings: Settings, agencies: Mapping[str, Agency], day: dt.date, run_id: str) -> dict[str, int]:
    """Link the snapshots in use, then build; returns counts of models and tests.

    A late night changes history, not the calendar: the marts are built as of the newest day that has snapshots.

    Raises:
        BuildError: no agency has a full set of snapshots, or a model or test failed.
        Busy: another refresh holds the warehouse.
    """
    green = settings.folder("warehouse") / "build.json"
    with stepped(settings, Entry(run_id, "build", day)) as entry, writing(settings):
        green.unlink(missing_ok=True)
        as_of = max([day, *(days(settings, "promoted", "employees")[-1:])])
        present = link_inputs(settings, agencies, as_of)
        if not present:
            raise BuildError(
                "No agency has a usable snapshot of every core dataset; yesterday's marts stay. See docs/runbooks/stale-agency.md."
            )
        bind_leaves(settings)
        result = build(settings, as_of=as_of, run_id=run_id)
        write_text(green, json.dumps({"run_id": run_id, "as_of": as_of.isoformat()}))
        entry.data_as_of = min(present.values())
        entry.rows_received, entry.bytes = _rows_in(settings), size_of(build_folder(settings))
    return {"agencies": len(present), "models": result.models, "tests": result.tests}


def publish_warehouse(settings: Settings, day: dt.date, run_id: str) -> None:
    """Publish what this run built.

    Raises:
        BuildError: the build is not green, or another run has built since.
        Busy: another refresh holds the warehouse.
    """
    green = settings.warehouse / "build.json"
    with stepped(settings, Entry(run_id, "publish", day)) as entry, writing(settings):
        built = json.loads(green.read_text(encoding="utf-8")) if green.exists() else {}
        if built.get("run_id") != run_id:
            raise BuildError(
                "The build on disk is not this run's; nothing was published. Clear the build task of this run and let it go on."
            )
        published = publish(settings, run_id=run_id)
        keep(settings, fingerprint(settings, run_id), reporting_file(settings))
        entry.rows_received, entry.bytes = published.rows, published.bytes
        entry.data_as_of = day


def _rows_in(settings: Settings) -> int:
    with opened(settings) as con:
        [(rows,)] = con.execute("select coalesce(sum(estimated_size), 0) from duckdb_tables()").fetchall()
    return int(rows)
