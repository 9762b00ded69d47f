"""What a run is started with is read by its form alone."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("dag", "conf", "task", "sentence"),
    [
        ("monthly_evaluation", {"mont": "2026-10"}, "compare_days", "`mont` is unknown; did you mean `month`?"),
        ("nightly_refresh", {"agency": "dumai"}, "plan_agencies", "`agency` is unknown; did you mean `agencies`?"),
        ("nightly_refresh", {"date": "2999-01-01"}, "plan_agencies", "The run's date 2999-01-01 has not come yet"),
    ],
)
def test_a_word_that_the_form_does_not_have_starts_nothing(dagbag, monkeypatch, tmp_path, caplog, dag, conf, task, sentence):
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))

    run = dagbag.dags[dag].test(run_conf=conf)

    states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    assert (str(run.state), states[task]) == ("failed", "failed")
    assert sentence in caplog.text
    assert not any((tmp_path / name).exists() for name in ("landing", "warehouse"))


def test_a_run_for_one_agency_tells_of_it_alone(dagbag, monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("MUTASI_HOME", str(tmp_path))

    run = dagbag.dags["nightly_refresh"].test(run_conf={"agencies": ["dumai"], "date": "2026-11-20"})

    states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    assert (states["land"], states["check"], states["watch"]) == ("failed", "skipped", "success")
    assert "dumai, units: nothing usable ever came." in caplog.text
    assert "binjai, units: nothing usable ever came." not in caplog.text
