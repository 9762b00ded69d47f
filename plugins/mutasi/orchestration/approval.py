"""The question to the officials: only they are asked, and silence is no consent."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from mutasi.errors import NeedsAPerson
from mutasi.ledger import Entry, stepped
from mutasi.orchestration.dates import today
from mutasi.settings import Settings

ANSWER = "answer"
SUBJECT = "Usulan mutasi {{ ti.xcom_pull('publish')['title'] | lower }}: kirim kepada instansi?"
BODY = """
{% set told = ti.xcom_pull('publish') %}
**{{ told['title'] }}**, data {{ told['data'] }}

| | |
|-|-|
| Usulan prioritas | {{ told['priority'] }} |
| Usulan cadangan | {{ told['reserve'] }} |
| Instansi | {{ told['agencies'] }} |
| Tidak diikutsertakan | {{ told['left_out'] | join(', ') or '–' }} |

{{ told['proof'] }} Ekstrak ada pada `{{ told['folder'] }}`.

Tombol *Approve* (setuju) mengirim ekstrak kepada instansi; *Reject* (tolak) menahannya. Tanpa jawaban tidak ada yang dikirim.
Keputusan mutasi tetap pada pejabat yang berwenang.
"""


class NoOfficial(NeedsAPerson):
    """Nobody is named who may approve, so nothing may be sent."""


class NoAnswer(NeedsAPerson):
    """Nobody answered in time, so nothing may be sent."""


class OfficialApproval(ApprovalOperator):
    """Asks the named officials, and only them: an approval that anybody could give is none."""

    def execute(self, context: Any) -> Any:
        """Ask and wait.

        Raises:
            NoOfficial: nobody is named.
        """
        with _recorded(context):
            if not self.assigned_users:
                raise NoOfficial(
                    "Nobody is named who may approve, so nothing is sent: set MUTASI_APPROVERS to `id:name` of the officials and clear "
                    "this task. The extracts are published on this machine. See docs/runbooks/weekly-recommendations.md."
                )
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Keep who answered what before a refusal skips what follows: with that exception the task's own result is lost.

        Raises:
            NoAnswer: the time to answer is over.
        """
        with _recorded(context):
            if event.get("error_type") == "timeout":
                raise NoAnswer("Nobody answered in time, so nothing is sent; clear this task to ask again.")
        if "error" not in event:
            answer = {name: event.get(name) for name in ("chosen_options", "responded_by_user")}
            context["ti"].xcom_push(key=ANSWER, value={**answer, "responded_at": str(event.get("responded_at"))})
        return super().execute_complete(context, event)


def _recorded(context: Any) -> AbstractContextManager[Entry]:
    """Leave a row in the ledger, above all of an approval that never came."""
    return stepped(Settings.from_environment(), Entry(context["dag_run"].run_id, "approve", today()))


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
