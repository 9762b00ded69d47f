"""The tasks of the weekly recommendations: each is a few lines around a function of the library.

Only codes, counts and paths pass between tasks: no value of a person stands in XCom, in a body or in a notice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow.sdk import Param, get_current_context, task

from mutasi.ledger import Entry, size_of, stepped
from mutasi.orchestration.approval import ANSWER
from mutasi.orchestration.connections import airflow_connection
from mutasi.orchestration.dates import iso_week, today
from mutasi.orchestration.defaults import WAREHOUSE, form
from mutasi.settings import Settings
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.registry import read_agencies

log = logging.getLogger("mutasi.weekly")


def weekly_form(agency_ids: list[str]) -> dict[str, Param]:
    """The form of a run started by hand."""
    return {
        "week": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-W\d{2}$",
            title="Week",
            description="ISO week, such as 2026-W47; empty: the run's own week",
        ),
        "agencies": Param(
            [],
            type="array",
            items={"type": "string"},
            examples=agency_ids,
            title="Agencies",
            description="Empty: all agencies whose data are fresh enough",
        ),
        "ask": Param(
            True,
            type="boolean",
            title="Ask the officials",
            description="Without it nothing is sent; the extracts stay on this machine",
        ),
    }


@task(queue=WAREHOUSE)
def freeze() -> dict[str, Any]:
    """Copy the published planning database for this week, with the decisions, without agencies whose data are too old."""
    from mutasi.decide.decisions import read_decisions
    from mutasi.decide.week import prepare

    run = get_current_context()["dag_run"]
    with _recorded("freeze") as (settings, entry):
        params = form()
        week = iso_week(getattr(run, "partition_key", None), params, run.run_after)
        decisions = read_decisions(settings)
        for sentence in decisions.problems:
            log.warning("Keputusan tidak dipakai: %s", sentence)
        found = prepare(settings, week, today(), params["agencies"], decisions)
        entry.bytes = size_of(found.planning)
    for agency, reason in found.left_out.items():
        log.warning("%s takes no part in %s: %s", agency, week, reason)
    return {"week": week, "planning": str(found.planning), "left_out": found.left_out}


@contextmanager
def _recorded(step: str, agency_id: str | None = None) -> Iterator[tuple[Settings, Entry]]:
    """Leave a row in the ledger with the time that a step took."""
    settings = Settings.from_environment()
    with stepped(settings, Entry(get_current_context()["dag_run"].run_id, step, today(), agency_id)) as entry:
        yield settings, entry


@task(queue=WAREHOUSE)
def recommend(frozen: dict[str, Any]) -> str:
    """Solve, certify and explain; returns the run's folder. Where the proof does not hold this fails, and nothing is published."""
    from mutasi.decide.plan import make_plan

    with _recorded("recommend") as (settings, entry):
        folder = make_plan(settings, frozen["week"], Path(frozen["planning"]), frozen["left_out"])
        entry.rows_received, entry.bytes = _rows(folder), size_of(folder)
    return str(folder)


@task(queue=WAREHOUSE)
def verify(folder: str) -> list[dict[str, str]]:
    """Prove the plan once more from its files; returns whose extracts are to be written."""
    from mutasi.decide.plan import prove
    from mutasi.publish.extracts import viewers
    from mutasi.publish.transfer_run import read_run

    with _recorded("verify") as (settings, entry):
        entry.rows_received, entry.bytes = _rows(Path(folder)), size_of(Path(folder))
        prove(Path(folder))
    return [{"folder": folder, "viewer": viewer} for viewer in viewers(settings, read_run(Path(folder)))]


@task(queue=WAREHOUSE, map_index_template="{{ agency }}")
def extract(wanted: dict[str, str]) -> str:
    """Write what one agency, or the region, gets."""
    from mutasi.decide.decisions import read_decisions
    from mutasi.publish.extracts import REGION_FOLDER, write_extract
    from mutasi.publish.transfer_run import read_run
    from mutasi.publish.transfer_sheets import REGION

    viewer = wanted["viewer"]
    label = REGION_FOLDER if viewer == REGION else viewer
    get_current_context()["agency"] = label  # type: ignore[typeddict-unknown-key]
    with _recorded("extract", label) as (settings, entry):
        run, agreed = read_run(Path(wanted["folder"])), read_decisions(settings).agreed
        entry.bytes = size_of(write_extract(settings, run, viewer, _names(settings), agreed))
    return viewer


@task(queue=WAREHOUSE)
def publish(folder: str, written: Any) -> dict[str, Any]:
    """Let all extracts appear at once; returns what the officials are told."""
    from mutasi.publish.extracts import publish_extracts, size
    from mutasi.publish.transfer_run import read_run
    from mutasi.publish.transfer_wording import announcement

    run = read_run(Path(folder))
    with _recorded("release") as (settings, entry):
        target = publish_extracts(settings, run, sorted(written))
        entry.bytes = size_of(target)
    return {
        "folder": str(target),
        **announcement(run, _names(settings)),
        **size(target),
    }


@task.short_circuit
def ask() -> bool:
    """Whether anybody is to be asked; a run that asks nobody sends nothing."""
    return bool(form()["ask"])


@task(queue=WAREHOUSE)
def deliver(told: dict[str, Any], answer: Any) -> dict[str, int]:
    """Take the approved extracts along every way that has a connection; returns extracts sent per way."""
    from collections import Counter

    from mutasi.decide.approvals import record_answer
    from mutasi.publish.delivery import deliver as take

    with _recorded("deliver") as (settings, _):
        record_answer(settings, told, answer)
        mailboxes = {agency_id: agency.owner.email for agency_id, agency in read_agencies(settings.agencies).items()}
        receipts = take(Path(told["folder"]), mailboxes, _connection)
    for r in receipts:
        log.info("%s: %s files through %s%s", r.agency_id, r.files, r.way, "" if r.is_new else " (was there)")
    return dict(Counter(r.way for r in receipts))


@task(queue=WAREHOUSE, trigger_rule="none_failed")
def note(told: dict[str, Any]) -> str:
    """Keep what was answered, also a refusal.

    It takes the answer itself: what depends on the approval directly is skipped by a refusal.
    """
    from mutasi.decide.approvals import record_answer

    return record_answer(Settings.from_environment(), told, get_current_context()["ti"].xcom_pull("approve", key=ANSWER))


def _rows(folder: Path) -> int:
    """Proposals of a run, over both of its solves."""
    import pyarrow.parquet as pq

    return pq.read_metadata(folder / "out" / "candidates.parquet").num_rows  # type: ignore[no-any-return]


def _names(settings: Settings) -> dict[str, str]:
    return {agency_id: agency.agency_name for agency_id, agency in read_agencies(settings.agencies).items()}


def _connection(name: str) -> Connection | None:
    try:
        return airflow_connection(name)
    except SourceError:
        return None
