"""A failure is told once, to somebody, with the runbook that helps."""

from __future__ import annotations

import logging
import os
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.context import Context

log = logging.getLogger("mutasi.notifications")

RUNBOOKS = {
    "land": "docs/runbooks/stale-agency.md",
    "check": "docs/runbooks/failed-check.md",
    "promote": "docs/runbooks/stale-agency.md",
}


class FailureNotifier(BaseNotifier):
    """Writes one line to the log and, where `MUTASI_ALERT_EMAIL` is set, sends it through the connection `smtp_default`."""

    def notify(self, context: Context) -> None:
        """Tell which task of which run failed, for which agency or dataset, and where to read on."""
        subject = failure_sentence(context)
        log.error(subject)
        if to := os.environ.get("MUTASI_ALERT_EMAIL"):
            from airflow.providers.smtp.notifications.smtp import SmtpNotifier

            SmtpNotifier(to=to, from_email=to, subject=subject, html_content=f"<p>{subject}</p>").notify(context)


def failure_sentence(context: Any) -> str:
    """One sentence without any value of a row."""
    run = context.get("dag_run")
    instance = context.get("task_instance") or context.get("ti")
    task = getattr(instance, "task_id", None) or "a task"
    label = getattr(instance, "rendered_map_index", None)
    what = f"{task} [{label}]" if label else task
    runbook = RUNBOOKS.get(task, "docs/runbooks/failed-check.md")
    return f"Mutasi: {what} failed in {getattr(run, 'dag_id', '?')} {getattr(run, 'run_id', '?')}; see {runbook}."
