"""Notices reach a mail box through the connection `smtp_default`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message


class Box(Message):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """A mail server of this machine, and the settings that lead to it."""
    found = Box()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": {"disable_ssl": True, "disable_tls": True}}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("MUTASI_ALERT_EMAIL", "tim-data@example.invalid")
    yield found
    controller.stop()


def text(mail: Any) -> str:
    return " ".join(part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart())


def test_a_failed_task_is_told_with_its_runbook(box: Box) -> None:
    from mutasi.orchestration.notifications import FailureNotifier

    run = SimpleNamespace(dag_id="nightly_refresh", run_id="malam-1")
    FailureNotifier().notify({"dag_run": run, "ti": SimpleNamespace(task_id="land", rendered_map_index="dumai")})  # type: ignore[typeddict-item]
    [mail] = box.mails
    assert mail["To"] == "tim-data@example.invalid"
    assert mail["Subject"] == "Mutasi: land [dumai] failed in nightly_refresh malam-1; see docs/runbooks/stale-agency.md."


def test_alerts_are_one_mail_and_nothing_in_it_is_read_as_markup(box: Box) -> None:
    from mutasi.orchestration.notifications import tell

    tell("Mutasi: 2 alerts", ["satu. Owner: BKPSDM <bkpsdm@example.invalid>.", "dua"])
    [mail] = box.mails
    assert "<li>satu. Owner: BKPSDM &lt;bkpsdm@example.invalid&gt;.</li><li>dua</li>" in text(mail)


def test_without_an_address_the_log_alone_tells(box: Box, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from mutasi.orchestration.notifications import tell

    monkeypatch.delenv("MUTASI_ALERT_EMAIL")
    tell("Mutasi: 1 alert", ["satu"])
    assert box.mails == [] and "satu" in caplog.text
