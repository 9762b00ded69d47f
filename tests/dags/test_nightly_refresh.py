"""The shape of the nightly DAG: what people and the scheduler rely on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mutasi.settings import PROJECT

NATION = 644  # agencies that the national service knows


@pytest.fixture(scope="module")
def nightly(dagbag):
    assert dagbag.import_errors == {}
    return dagbag.dags["nightly_refresh"]


def test_it_runs_at_two_in_the_morning_in_jakarta_and_is_partitioned_by_day(nightly):
    timetable = nightly.timetable
    assert type(timetable).__name__ == "CronPartitionTimetable"
    assert (timetable.expression, str(timetable.timezone), timetable.key_format) == ("0 2 * * *", "Asia/Jakarta", "%Y-%m-%d")
    assert nightly.max_active_runs == 1 and not nightly.catchup


def test_the_order_is_the_life_of_the_data(nightly):
    arrows = {task.task_id: task.downstream_task_ids for task in nightly.tasks}
    assert arrows["land"] == {"check"} and arrows["check"] == {"promote", "report_checks"}
    assert arrows["promote"] == {"gate", "report_defects", "watch"}
    assert arrows["gate"] == {"remember"} and arrows["remember"] == {"build"} and arrows["build"] == {"publish"}


def test_datasets_that_landed_are_judged_whatever_became_of_the_others(nightly):
    assert nightly.get_task("check").trigger_rule == "all_done"


def test_only_the_mapped_promotions_stand_before_the_gate(nightly):
    gate = nightly.get_task("gate")
    assert gate.upstream_task_ids == {"promote"} and gate.trigger_rule == "all_done"


def test_the_watch_ends_no_run_well_that_did_not_publish(nightly):
    watch, publish = nightly.get_task("watch"), nightly.get_task("publish")
    assert watch.trigger_rule == "all_done" and not watch.downstream_task_ids and not publish.downstream_task_ids


def test_an_agency_gets_its_report_whatever_became_of_its_data(nightly):
    report = nightly.get_task("report_defects")
    assert report.trigger_rule == "all_done" and report.upstream_task_ids >= {"promote"} and not report.downstream_task_ids


def test_agencies_are_mapped_and_named(nightly):
    for task_id in ("land", "promote", "report_defects"):
        task = nightly.get_task(task_id)
        assert task.is_mapped and task.map_index_template == "{{ agency }}"


def test_what_cannot_get_better_is_not_retried(nightly):
    from airflow.sdk import RetryAction

    from mutasi.landing.promote import PromotionError
    from mutasi.sources.connection import SourceError

    policy = nightly.get_task("promote").retry_policy
    assert policy.evaluate(PromotionError("x"), 1, 3).action == RetryAction.FAIL
    assert policy.evaluate(SourceError("x"), 1, 3).action == RetryAction.DEFAULT
    assert nightly.get_task("land").retries == 2


def test_every_task_tells_somebody_when_it_fails(nightly):
    assert all(task.on_failure_callback for task in nightly.tasks)


def test_assets_have_real_addresses(nightly):
    uris = [asset.uri for task in nightly.tasks for asset in task.outlets]
    assert len(uris) == 3 and all(uri.startswith("file:///") for uri in uris)


def test_the_form_offers_date_and_agencies(nightly):
    assert set(nightly.params) == {"date", "agencies"}


def test_dag_files_are_names_and_arrows():
    for file in (PROJECT / "dags").glob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) < 80, file.name


def test_a_map_over_every_agency_of_the_nation_fits_airflows_limit(nightly):
    """Mapped over agencies alone: agencies times datasets would be seventeen thousand tasks."""
    from airflow.configuration import conf

    assert conf.getint("core", "max_map_length") >= NATION
    for task_id in ("land", "promote", "report_defects"):
        assert set(nightly.get_task(task_id).op_kwargs_expand_input.value) == {"agency_id"}, task_id


def test_airflow_s_database_lets_readers_and_a_writer_work_at_once(airflow_home):
    from airflow import settings

    with settings.engine.connect() as session:
        assert session.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        assert session.exec_driver_sql("pragma busy_timeout").scalar() >= 5_000
        files = {name: file for _, name, file in session.exec_driver_sql("pragma database_list").fetchall()}
    assert files["main"] == str(airflow_home / "airflow.db"), "a database of its own"


def test_reading_the_dags_imports_nothing_heavy():
    code = (
        "import sys, runpy; runpy.run_path('dags/nightly_refresh.py');"
        "print([m for m in ('great_expectations', 'dbt', 'duckdb', 'pandas', 'numba') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.strip().splitlines()[-1] == "[]"
