"""A run that fails before its first row of data stands in the ledger, and on the page of runs as failed."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from mutasi.errors import NeedsAPerson
from mutasi.orchestration import approval, defaults, monthly, nightly, weekly
from mutasi.publish import write_runs_page
from mutasi.settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Settings:
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path / "home"))
    return Settings.from_environment()


def failed(settings: Settings) -> tuple[Any, ...]:
    with duckdb.connect() as con:
        rows = con.execute(
            f"select step, agency_id, message from '{settings.home}/quality/runs/hand/*.parquet' where status = 'failed'"
        )
        [row] = rows.fetchall()
    return row


@pytest.mark.parametrize(
    ("dag_id", "task", "conf", "step", "why"),
    [
        ("nightly_refresh", "plan_agencies", {"agencies": ["medan"]}, "plan", "No agency file for medan"),
        ("nightly_refresh", "plan_agencies", {"date": "2026-13-01"}, "plan", "2026-13-01"),
        ("nightly_refresh", "plan_agencies", {"agency": "dumai"}, "plan", "did you mean `agencies`?"),
        ("weekly_recommendations", "freeze", {"week": "2026-W60"}, "freeze", "2026-W60"),
        ("monthly_evaluation", "compare_days", {"month": "2026-13"}, "evaluate", "2026-13"),
    ],
)
def test_a_form_that_cannot_be_read_leaves_a_row(dagbag, monkeypatch, settings, dag_id, task, conf, step, why):
    dag = dagbag.dags[dag_id]
    run = SimpleNamespace(run_id="hand", partition_key=None, run_after=dt.datetime.now(dt.UTC))
    params = {name: dag.params[name] for name in dag.params} | conf
    for module in (defaults, monthly, nightly, weekly):
        monkeypatch.setattr(module, "get_current_context", lambda: {"dag_run": run, "dag": dag, "params": params})
    with pytest.raises(NeedsAPerson):
        dag.get_task(task).python_callable()
    found, agency_id, message = failed(settings)
    assert (found, agency_id) == (step, None) and why in message
    page = write_runs_page(settings).read_text(encoding="utf-8")
    assert "gagal" in page and "baik" not in page


@pytest.mark.parametrize("task", ["land", "promote"])
def test_an_agency_whose_file_cannot_be_read_leaves_a_row(dagbag, monkeypatch, settings, tmp_path, task):
    dag = dagbag.dags["nightly_refresh"]
    (tmp_path / "agencies").mkdir()
    (tmp_path / "agencies" / "rusak.yml").write_text("agency_id: [", encoding="utf-8")
    monkeypatch.setenv("MUTASI_AGENCIES", str(tmp_path / "agencies"))
    run = SimpleNamespace(run_id="hand", partition_key=None, run_after=dt.datetime.now(dt.UTC))
    for module in (defaults, nightly):
        monkeypatch.setattr(module, "get_current_context", lambda: {"dag_run": run, "dag": dag, "params": {"agencies": []}})
    with pytest.raises(NeedsAPerson):
        getattr(nightly, task).function("rusak")
    step, agency_id, message = failed(settings)
    assert (step, agency_id) == (task, "rusak") and "is not valid YAML" in message


@pytest.mark.parametrize("is_asked", [False, True])
def test_an_approval_that_never_comes_leaves_a_row(monkeypatch, settings, is_asked):
    monkeypatch.setenv("MUTASI_APPROVERS", "kepala" if is_asked else "")
    context = {"dag_run": SimpleNamespace(run_id="hand")}
    question = approval.approval("approve")
    with pytest.raises(NeedsAPerson, match="Nobody answered" if is_asked else "Nobody is named"):
        if is_asked:
            question.execute_complete(context, {"error": "timed out", "error_type": "timeout"})
        else:
            question.execute(context)
    assert failed(settings)[0] == "approve"
