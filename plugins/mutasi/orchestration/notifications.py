"""What goes wrong is told once, to somebody, with its owner and the runbook that helps.

Every notice is a line in the log. Where `MUTASI_ALERT_EMAIL` names somebody it is also sent, through the connection
`smtp_default`; where `MUTASI_DOCS_BASE_URL` says under which address the repository is read, runbooks become links.
"""

from __future__ import annotations

import html
import logging
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.context import Context

from mutasi.settings import Settings
from mutasi.sources.registry import AgencyFileError, read_agency

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
        tell(failure_sentence(context), failure_lines(context))


def tell(subject: str, lines: Sequence[str] = ()) -> None:
    """Write a notice to the log and send it where somebody is named.

    Raises:
        SMTPException, OSError: the mail server does not take it.
    """
    log.error("%s", "\n".join([subject, *lines]))
    if to := os.environ.get("MUTASI_ALERT_EMAIL"):
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        listed = "".join(f"<li>{_markup(line)}</li>" for line in lines)
        body = f"<p>{_markup(subject)}</p>" + (f"<ul>{listed}</ul>" if lines else "")
        with SmtpHook() as hook:
            hook.send_email_smtp(to=to, subject=subject, html_content=body, from_email=to)


def failure_sentence(context: Any) -> str:
    """One sentence without any value of a row."""
    run = context.get("dag_run")
    task, label = _where(context)
    what = f"{task} [{label}]" if label else task
    headline = getattr(context.get("exception"), "headline", "")
    runbook = RUNBOOKS.get(task, "docs/runbooks/failed-check.md")
    begin = f"Mutasi: {headline}: {what}" if headline else f"Mutasi: {what}"
    return f"{begin} failed in {getattr(run, 'dag_id', '?')} {getattr(run, 'run_id', '?')}; see {runbook}."


def failure_lines(context: Any) -> list[str]:
    """Why, where the error is one of ours and so without values, and who owns what failed."""
    error, (_, label) = context.get("exception"), _where(context)
    is_ours = type(error).__module__.partition(".")[0] == "mutasi"
    return [*([str(error)] if is_ours else []), f"Owner: {owner(label)}."]


def owner(agency_id: str | None = None) -> str:
    """Who owns what failed: the agency where the task was one agency's, else the data team."""
    settings = Settings.from_environment()
    file = settings.agencies / f"{agency_id}.yml"
    if agency_id in {f.stem for f in settings.agencies.glob("*.yml")}:
        with suppress(AgencyFileError):
            found = read_agency(file).owner
            return f"{found.unit} <{found.email}>"
    return f"data team <{os.environ.get('MUTASI_ALERT_EMAIL', 'MUTASI_ALERT_EMAIL is not set')}>"


def _where(context: Any) -> tuple[str, str | None]:
    instance = context.get("task_instance") or context.get("ti")
    return getattr(instance, "task_id", None) or "a task", getattr(instance, "rendered_map_index", None)


def _markup(text: str) -> str:
    base = os.environ.get("MUTASI_DOCS_BASE_URL", "").rstrip("/")
    escaped = html.escape(text)
    return re.sub(r"docs/[\w/-]+\.md", rf'<a href="{html.escape(base)}/\g<0>">\g<0></a>', escaped) if base else escaped
