"""The shape of the weekly DAG: what people and the scheduler rely on."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from mutasi.settings import PROJECT


@pytest.fixture(scope="module")
def weekly(dagbag):
    assert dagbag.import_errors == {}
    return dagbag.dags["weekly_recommendations"]


def test_it_runs_on_monday_at_five_in_jakarta_and_is_partitioned_by_iso_week(weekly):
    timetable = weekly.timetable
    assert type(timetable).__name__ == "CronPartitionTimetable"
    assert (timetable.expression, str(timetable.timezone), timetable.key_format) == ("0 5 * * 1", "Asia/Jakarta", "%G-W%V")
    assert not weekly.catchup


def test_nothing_is_published_before_the_proof_and_nothing_sent_before_the_answer(weekly):
    arrows = {task.task_id: task.downstream_task_ids for task in weekly.tasks}
    assert "recommend" in arrows["freeze"] and "verify" in arrows["recommend"] and "extract" in arrows["verify"]
    assert "publish" in arrows["extract"] and arrows["ask"] == {"approve"} and arrows["approve"] == {"deliver"}
    assert arrows["deliver"] == {"note"}
    assert {weekly.get_task(t).trigger_rule for t in ("recommend", "verify", "publish", "ask", "approve", "deliver")} == {
        "all_success"
    }


def test_silence_never_approves(weekly):
    approve = weekly.get_task("approve")
    assert approve.defaults is None and approve.response_timeout is not None and approve.retries == 0
    assert not approve.fail_on_reject


def test_nobody_named_means_nobody_may_approve(weekly, monkeypatch, tmp_path):
    from mutasi.orchestration.approval import NoOfficial, approval, officials

    monkeypatch.setenv("MUTASI_APPROVERS", "kepala.bkpsdm:Kepala BKPSDM, 7")
    assert officials() == [{"id": "kepala.bkpsdm", "name": "Kepala BKPSDM"}, {"id": "7", "name": "7"}]
    monkeypatch.delenv("MUTASI_APPROVERS")
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))
    with pytest.raises(NoOfficial, match="MUTASI_APPROVERS"):
        approval("approve").execute({"dag_run": SimpleNamespace(run_id="hand")})


def test_extracts_are_mapped_and_named(weekly):
    task = weekly.get_task("extract")
    assert task.is_mapped and task.map_index_template == "{{ agency }}"


def test_every_task_tells_somebody_when_it_fails(weekly):
    assert all(task.on_failure_callback for task in weekly.tasks)


def test_the_form_offers_week_agencies_and_whether_to_ask(weekly):
    assert set(weekly.params) == {"week", "agencies", "ask"}


def test_what_the_officials_read_is_made_of_counts(weekly):
    approve = weekly.get_task("approve")
    assert "xcom_pull('publish')" in approve.body and not any(word in approve.body for word in ("nip", "nama", "person"))


def test_reading_it_imports_nothing_heavy():
    code = (
        "import sys, runpy; runpy.run_path('dags/weekly_recommendations.py');"
        "print([m for m in ('great_expectations', 'dbt', 'duckdb', 'pandas', 'numba', 'weasyprint', 'openpyxl') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.strip().splitlines()[-1] == "[]"
