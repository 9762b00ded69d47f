"""A refresh that did not come is told in the morning."""

from __future__ import annotations

import datetime as dt

from mutasi.ledger import Entry, record
from mutasi.orchestration.dates import today
from mutasi.settings import Settings


def watch(dagbag, monkeypatch, tmp_path, caplog, published: dt.date | None) -> list[str]:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    if published:
        record(Settings.from_environment(), [Entry("run", "publish", published)])
    dagbag.dags["refresh_watch"].get_task("look_for_refresh").python_callable()
    return [r.getMessage() for r in caplog.records if r.name == "mutasi.notifications"]


def test_it_looks_at_six_in_jakarta(dagbag):
    dag = dagbag.dags["refresh_watch"]
    assert (dag.timetable.expression, str(dag.timezone)) == ("0 6 * * *", "Asia/Jakarta")


def test_yesterdays_figures_are_told_and_todays_are_not(dagbag, monkeypatch, tmp_path, caplog):
    day = today()
    [told] = watch(dagbag, monkeypatch, tmp_path / "late", caplog, day - dt.timedelta(days=1))
    assert f"no figures of {day} yet, the newest are of {day - dt.timedelta(days=1)}" in told
    caplog.clear()
    assert watch(dagbag, monkeypatch, tmp_path / "fine", caplog, day) == []


def test_a_home_without_any_run_is_told(dagbag, monkeypatch, tmp_path, caplog):
    assert "the newest are of no day" in watch(dagbag, monkeypatch, tmp_path, caplog, None)[0]
