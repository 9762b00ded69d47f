"""Notices reach a mail box through the connection `smtp_default`."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
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
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection(port)))
    monkeypatch.setenv("MUTASI_ALERT_EMAIL", "tim-data@example.invalid")
    yield found
    controller.stop()


def connection(port: int) -> dict[str, Any]:
    return {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": {"disable_ssl": True, "disable_tls": True}}


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


def fails_with(error: Exception, dagbag: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run of real Airflow whose task raises the error; returns its state."""
    import mutasi.publish

    def fails(_: Any) -> None:
        raise error

    monkeypatch.setattr(mutasi.publish, "newest_published", fails)
    return str(dagbag.dags["refresh_watch"].test().state)


def test_a_certificate_that_does_not_hold_is_told_by_its_name(
    box: Box, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from mutasi.recommend.weekly import NotProved

    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    assert fails_with(NotProved("The plan is not proved: 3 prices are negative."), dagbag, monkeypatch) == "failed"
    [mail] = box.mails
    assert "Mutasi: the plan&#x27;s certificate does not hold, nothing is published from it: look_for_refresh failed" in text(
        mail
    )
    assert "3 prices are negative" in text(mail) and "Owner: data team &lt;tim-data@example.invalid&gt;" in text(mail)


def test_the_week_names_its_own_runbook(box: Box) -> None:
    from mutasi.orchestration.notifications import failure_sentence

    run = SimpleNamespace(dag_id="weekly_recommendations", run_id="pekan")
    told = failure_sentence({"dag_run": run, "ti": SimpleNamespace(task_id="verify"), "exception": None})
    assert told == "Mutasi: verify failed in weekly_recommendations pekan; see docs/runbooks/weekly-recommendations.md."


def test_what_a_library_says_is_not_told(box: Box, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    assert fails_with(ValueError("cannot cast 199001012015031001"), dagbag, monkeypatch) == "failed"
    [mail] = box.mails
    assert "199001012015031001" not in mail.as_string() + text(mail) and "look_for_refresh failed in refresh_watch" in text(mail)


def test_a_failed_agency_is_told_with_its_owner_and_runbooks_are_links(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    from mutasi.orchestration.notifications import FailureNotifier

    monkeypatch.setenv("MUTASI_DOCS_BASE_URL", "https://git.example.invalid/mutasi/")
    run = SimpleNamespace(dag_id="nightly_refresh", run_id="malam-1")
    FailureNotifier().notify({"dag_run": run, "ti": SimpleNamespace(task_id="land", rendered_map_index="dumai")})  # type: ignore[typeddict-item]
    told = text(box.mails[0])
    assert "Owner: Badan Kepegawaian dan Pengembangan SDM &lt;simpeg-dumai@example.invalid&gt;." in told
    assert '<a href="https://git.example.invalid/mutasi/docs/runbooks/stale-agency.md">docs/runbooks/stale-agency.md</a>' in told


def test_a_refresh_that_is_late_is_mailed(box: Box, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    assert str(dagbag.dags["refresh_watch"].test().state) == "success"
    [mail] = box.mails
    assert (
        "no figures of" in mail["Subject"] and "docs/runbooks/stale-agency.md" in text(mail) and "Owner: data team" in text(mail)
    )


def test_stale_data_and_a_jump_of_quarantine_are_mailed_with_their_owners(
    box: Box, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from mutasi.ledger import Entry, record
    from mutasi.orchestration import nightly
    from mutasi.settings import Settings

    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    settings, day = Settings.from_environment(), dt.date(2026, 11, 20)
    for night, rows in ((day - dt.timedelta(days=1), 5), (day, 500)):
        counts = {"rows_received": 1000, "rows_promoted": 1000 - rows, "rows_quarantined": rows}
        record(settings, [Entry(f"run-{night}", "promote", night, "dumai", "units", **counts)])
    monkeypatch.setattr(nightly, "_night", lambda: (settings, day, "malam"))
    monkeypatch.setattr(nightly, "form", lambda: {"agencies": None})
    assert nightly.watch.function() > 1
    told = text(box.mails[0])
    assert "dumai, units: 500 rows went to quarantine, 5 the time before. Owner: " in told
    assert "nothing usable ever came. Owner: " in told
    assert "docs/runbooks/failed-check.md" in told and "docs/runbooks/onboard-agency.md" in told


def test_without_an_address_the_log_alone_tells(box: Box, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from mutasi.orchestration.notifications import tell

    monkeypatch.delenv("MUTASI_ALERT_EMAIL")
    tell("Mutasi: 1 alert", ["satu"])
    assert box.mails == [] and "satu" in caplog.text


@pytest.fixture
def no_server(box: Box, monkeypatch: pytest.MonkeyPatch) -> int:
    """A port where nobody listens, in place of the mail server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection(port)))
    return port


def test_without_a_mail_server_the_watch_fails_and_is_tried_again_and_the_log_tells(
    no_server: int, box: Box, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: Any
) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    run = dagbag.dags["refresh_watch"].test()
    [watch] = run.get_task_instances()
    assert (str(run.state), watch.try_number, box.mails) == ("failed", 3, [])
    assert "no figures of" in caplog.text


def test_a_failure_stays_a_failure_when_nobody_can_be_told(
    no_server: int, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from mutasi.recommend.weekly import NotProved

    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    assert fails_with(NotProved("The plan is not proved."), dagbag, monkeypatch) == "failed"


def test_a_mail_server_that_comes_back_gets_the_notice(
    no_server: int, dagbag: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    monkeypatch.setattr(dagbag.dags["refresh_watch"].get_task("look_for_refresh"), "retry_delay", dt.timedelta(seconds=2))
    late = Box()
    controller = Controller(late, hostname="127.0.0.1", port=no_server)
    timer = threading.Timer(1.5, controller.start)
    timer.start()
    try:
        assert str(dagbag.dags["refresh_watch"].test().state) == "success"
    finally:
        timer.join()
        controller.stop()
    [mail] = late.mails
    assert "no figures of" in mail["Subject"]
