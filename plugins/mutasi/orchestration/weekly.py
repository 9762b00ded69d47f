"""The tasks of the weekly recommendations: each is a few lines around a function of the library.

Only codes, counts and paths pass between tasks: no value of a person stands in XCom, in a body or in a notice.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, get_current_context, task

from mutasi.errors import NeedsAPerson
from mutasi.ledger import Entry, record, timed
from mutasi.orchestration.connections import airflow_connection
from mutasi.orchestration.dates import iso_week, today
from mutasi.settings import Settings
from mutasi.sources.connection import Connection, SourceError
from mutasi.sources.registry import read_agencies

log = logging.getLogger("mutasi.weekly")

ANSWER = "answer"
SUBJECT = "Usulan mutasi {{ ti.xcom_pull('publish')['week'] }}: kirim kepada instansi?"
BODY = """
{% set told = ti.xcom_pull('publish') %}
**{{ told['week'] }}**, rencana `{{ told['run_id'] }}`, data {{ told['data_as_of'] }}

| | |
|-|-|
| Usulan prioritas | {{ told['priority'] }} |
| Usulan cadangan | {{ told['reserve'] }} |
| Instansi | {{ told['agencies'] }} |
| Tidak diikutsertakan | {{ told['left_out'] | join(', ') or '–' }} |

Rencana terbukti yang terbaik ({{ told['label'] }}). Ekstrak ada pada `{{ told['folder'] }}`.

*Approve* mengirim ekstrak kepada instansi; *Reject* menahannya. Tanpa jawaban tidak ada yang dikirim.
Keputusan mutasi tetap pada pejabat yang berwenang.
"""


class NoOfficial(NeedsAPerson):
    """Nobody is named who may approve, so nothing may be sent."""


class OfficialApproval(ApprovalOperator):
    """Asks the named officials, and only them: an approval that anybody could give is none."""

    def execute(self, context: Any) -> Any:
        """Ask and wait.

        Raises:
            NoOfficial: nobody is named.
        """
        if not self.assigned_users:
            raise NoOfficial(
                "Nobody is named who may approve, so nothing is sent: set MUTASI_APPROVERS to `id:name` of the officials and clear this "
                "task. The extracts are published on this machine. See docs/runbooks/weekly-recommendations.md."
            )
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Keep who answered what before a refusal skips what follows: with that exception the task's own result is lost."""
        if "error" not in event:
            answer = {name: event.get(name) for name in ("chosen_options", "responded_by_user")}
            context["ti"].xcom_push(key=ANSWER, value={**answer, "responded_at": str(event.get("responded_at"))})
        return super().execute_complete(context, event)


def officials() -> list[dict[str, str]]:
    """Who may approve, from `MUTASI_APPROVERS` (`id:name, id:name`); the ids are those of Airflow's auth manager.

    Read while Airflow parses. With the Simple auth manager the id is the name of the user, with FAB the number of the user.
    """
    entries = (entry.strip().partition(":") for entry in os.environ.get("MUTASI_APPROVERS", "").split(","))
    return [{"id": user, "name": name or user} for user, _, name in entries if user]


def approval(task_id: str) -> OfficialApproval:
    """The question to the officials; no default answer, so silence ends as a failure and never as consent."""
    return OfficialApproval(
        task_id=task_id,
        subject=SUBJECT,
        body=BODY,
        assigned_users=officials(),
        response_timeout=timedelta(days=float(os.environ.get("MUTASI_APPROVAL_DAYS", "6"))),
        retries=0,
    )


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


@task
def freeze() -> dict[str, Any]:
    """Copy the published planning database for this week, with the decisions, without agencies whose data are too old."""
    from mutasi.decide.decisions import read_decisions
    from mutasi.decide.week import prepare

    context = get_current_context()
    run, params = context["dag_run"], context["params"]
    settings = Settings.from_environment()
    week = iso_week(getattr(run, "partition_key", None), params, run.run_after)
    decisions = read_decisions(settings)
    for sentence in decisions.problems:
        log.warning("Keputusan tidak dipakai: %s", sentence)
    found = prepare(settings, week, today(), params["agencies"], decisions)
    for agency, reason in found.left_out.items():
        log.warning("%s takes no part in %s: %s", agency, week, reason)
    return {"week": week, "planning": str(found.planning), "left_out": found.left_out}


@contextmanager
def _recorded(step: str, agency_id: str | None = None) -> Iterator[Settings]:
    """Leave a row in the ledger with the time that a step took."""
    settings = Settings.from_environment()
    with timed(Entry(get_current_context()["dag_run"].run_id, step, today(), agency_id)) as entry:
        yield settings
    record(settings, [entry])


@task
def recommend(frozen: dict[str, Any]) -> str:
    """Solve, certify and explain; returns the run's folder. Where the proof does not hold this fails, and nothing is published."""
    from mutasi.decide.plan import make_plan

    with _recorded("recommend") as settings:
        return str(make_plan(settings, frozen["week"], Path(frozen["planning"]), frozen["left_out"]))


@task
def verify(folder: str) -> list[dict[str, str]]:
    """Prove the plan once more from its files; returns whose extracts are to be written."""
    from mutasi.decide.plan import prove
    from mutasi.publish.extracts import viewers
    from mutasi.publish.transfer_run import read_run

    with _recorded("verify") as settings:
        prove(Path(folder))
    return [{"folder": folder, "viewer": viewer} for viewer in viewers(settings, read_run(Path(folder)))]


@task(map_index_template="{{ agency }}")
def extract(wanted: dict[str, str]) -> str:
    """Write what one agency, or the region, gets."""
    from mutasi.decide.decisions import read_decisions
    from mutasi.publish.extracts import REGION_FOLDER, write_extract
    from mutasi.publish.transfer_run import read_run
    from mutasi.publish.transfer_sheets import REGION

    viewer = wanted["viewer"]
    label = REGION_FOLDER if viewer == REGION else viewer
    get_current_context()["agency"] = label  # type: ignore[typeddict-unknown-key]
    with _recorded("extract", label) as settings:
        write_extract(settings, read_run(Path(wanted["folder"])), viewer, _names(settings), read_decisions(settings).agreed)
    return viewer


@task
def publish(folder: str, written: Any) -> dict[str, Any]:
    """Let all extracts appear at once; returns what the officials are told."""
    from mutasi.publish.extracts import publish_extracts, size
    from mutasi.publish.transfer_run import read_run

    run = read_run(Path(folder))
    target = publish_extracts(Settings.from_environment(), run, sorted(written))
    return {
        "folder": str(target),
        "week": run.week,
        "run_id": run.run_id,
        "data_as_of": run.data_as_of.isoformat(),
        "label": run.label,
        "left_out": [agency for agency, _ in run.left_out],
        **size(target),
    }


@task.short_circuit
def ask() -> bool:
    """Whether anybody is to be asked; a run that asks nobody sends nothing."""
    return bool(get_current_context()["params"]["ask"])


@task
def deliver(told: dict[str, Any], answer: Any) -> dict[str, int]:
    """Take the approved extracts along every way that has a connection; returns extracts sent per way."""
    from collections import Counter

    from mutasi.decide.approvals import record_answer
    from mutasi.publish.delivery import deliver as take

    settings = Settings.from_environment()
    record_answer(settings, told, answer)
    mailboxes = {agency_id: agency.owner.email for agency_id, agency in read_agencies(settings.agencies).items()}
    receipts = take(Path(told["folder"]), mailboxes, _connection)
    for r in receipts:
        log.info("%s: %s files through %s%s", r.agency_id, r.files, r.way, "" if r.is_new else " (was there)")
    return dict(Counter(r.way for r in receipts))


@task(trigger_rule="none_failed")
def note(told: dict[str, Any]) -> str:
    """Keep what was answered, also a refusal.

    It takes the answer itself: what depends on the approval directly is skipped by a refusal.
    """
    from mutasi.decide.approvals import record_answer

    return record_answer(Settings.from_environment(), told, get_current_context()["ti"].xcom_pull("approve", key=ANSWER))


def _names(settings: Settings) -> dict[str, str]:
    return {agency_id: agency.agency_name for agency_id, agency in read_agencies(settings.agencies).items()}


def _connection(name: str) -> Connection | None:
    try:
        return airflow_connection(name)
    except SourceError:
        return None
