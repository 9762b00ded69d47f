"""What goes wrong is told once, to somebody, with the runbook that helps.

Every notice is a line in the log. Where `MUTASI_ALERT_EMAIL` names somebody it is also sent, through the connection
`smtp_default`.
"""

from __future__ import annotations

import html
import logging
import os
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.context import Context

log = logging.getLogger("mutasi.notifications")

RUNBOOKS = {
    "land": "docs/runbooks/stale-agency.md",
    "check": "docs/runbooks/failed-check.md",
    "promote": "docs/runbooks/stale-agency.md",
    **dict.fromkeys(
        ("freeze", "recommend", "verify", "extract", "approve", "deliver", "note"), "docs/runbooks/weekly-recommendations.md"
    ),
}


class FailureNotifier(BaseNotifier):
    """Tells which task of which run failed, for which agency, and where to read on."""

    def notify(self, context: Context) -> None:
        """Tell it."""
        tell(failure_sentence(context))


def tell(subject: str, lines: Sequence[str] = ()) -> None:
    """Write a notice to the log and send it where somebody is named.

    Raises:
        SMTPException, OSError: the mail server does not take it.
    """
    log.error("%s", "\n".join([subject, *lines]))
    if to := os.environ.get("MUTASI_ALERT_EMAIL"):
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        listed = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
        body = f"<p>{html.escape(subject)}</p>" + (f"<ul>{listed}</ul>" if lines else "")
        with SmtpHook() as hook:
            hook.send_email_smtp(to=to, subject=subject, html_content=body, from_email=to)


def failure_sentence(context: Any) -> str:
    """One sentence without any value of a row."""
    run = context.get("dag_run")
    instance = context.get("task_instance") or context.get("ti")
    task = getattr(instance, "task_id", None) or "a task"
    label = getattr(instance, "rendered_map_index", None)
    what = f"{task} [{label}]" if label else task
    runbook = RUNBOOKS.get(task, "docs/runbooks/failed-check.md")
    return f"Mutasi: {what} failed in {getattr(run, 'dag_id', '?')} {getattr(run, 'run_id', '?')}; see {runbook}."
