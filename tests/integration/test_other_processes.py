"""Runs in processes of their own, forked from one that has read the libraries.

A run that is killed loses nothing and leaves nothing half done, and the next one heals; two at once take turns; a whole night with
landing on two machines and the warehouse on a third comes to the marts of one home, row by row.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.integration import forked, two_machines

pytestmark = pytest.mark.takes(170)

ON_WORKERS = {"land", "gate"}  # the gate reads no file
RUNS = "select agency_id, dataset, step, status, rows_received from quality.runs where step = 'land' order by all"


def kill_when(home, ready: Callable[[], bool]) -> None:
    """Start the DAG and kill the whole process group as soon as `ready`."""
    with home.environment():
        process = forked.begin(forked.night, home.path.with_name("killed.txt"), home.day)
        deadline = time.monotonic() + 120
        while not ready() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.is_alive(), "the run ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.join()


def steps(home) -> list[tuple]:
    """What the newest run told of every step up to the build."""
    run = max(folder for folder in (home.path / "quality" / "runs").iterdir() if folder.name != "_none")
    with duckdb.connect() as con:
        return con.execute(
            f"""select step, agency_id, dataset, status, rows_received, rows_promoted, rows_quarantined
            from read_parquet('{run}/*.parquet') where step in ('land', 'check', 'promote', 'history') order by all"""
        ).fetchall()


def test_killed_runs_are_healed_by_the_next(first_night, before_first_night):
    """Killed while landing and again while dbt builds; the second and the third run find what the one before left."""
    home = before_first_night
    for moment in ("quality/runs/*/land-*.parquet", "warehouse/build/build.duckdb"):
        kill_when(home, lambda moment=moment: any(home.path.glob(moment)))
        assert not (home.path / "warehouse" / "reporting.duckdb").exists()
    assert steps(home) == steps(first_night), "what the first kill left has cost the second run something"
    state, states = home.refresh(home.day)
    assert state == "success" and set(states.values()) == {"success"}
    assert home.marts() == first_night.marts()
    assert not list((home.path / "warehouse").glob(".*")), "unfinished files are left in the warehouse"


def test_two_refreshes_at_once_take_turns(after_first_night):
    home = after_first_night
    before = home.marts()
    with home.environment():
        printed = [home.path.with_name(f"{run}.txt") for run in ("a", "b")]
        both = [forked.begin(forked.refresh, file, home.day, file.stem) for file in printed]
        for process in both:
            process.join(240)
    codes, errors = [process.exitcode for process in both], [file.read_text() for file in printed]
    assert 0 in codes
    for code, error in zip(codes, errors, strict=True):
        assert code == 0 or "The build on disk is not this run's" in error
    assert home.marts() == before


def test_a_night_on_three_disks_equals_a_night_on_one(
    first_night, before_first_night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three homes stand for three disks; the shared folder alone lies between them."""
    home, workers, area = before_first_night, [tmp_path / "worker1", tmp_path / "worker2"], tmp_path / "area"
    area.mkdir(mode=0o700)
    monkeypatch.setenv("MUTASI_LANDING_CONNECTION", "shared_landing")
    monkeypatch.setenv("AIRFLOW_CONN_SHARED_LANDING", json.dumps({"conn_type": "fs", "host": f"file://{area}"}))
    printed = tmp_path / "three-disks.txt"
    with home.environment():
        process = forked.begin(two_machines.night, printed, home.day, home.path, *workers)
        process.join()
    assert process.exitcode == 0, printed.read_text()[-3000:]
    told = json.loads(printed.read_text().splitlines()[-1])
    assert told["state"] == "success"
    landings = [told["seen"][str(worker)].count("land") for worker in workers]
    assert min(landings) >= 2 and set().union(*(told["seen"][str(worker)] for worker in workers)) == ON_WORKERS
    assert not ON_WORKERS & set(told["seen"][str(home.path)])
    assert home.marts() == first_night.marts()
    assert home.rows(RUNS) == first_night.rows(RUNS)
    assert [f for f in area.rglob("*") if f.is_file() and f.suffix == ".zip"] == []
    for worker in workers:
        left = {f.relative_to(worker).parts[0] for f in worker.rglob("*") if f.is_file()}
        assert left <= {"quality"}, "persons' data stay on a machine that only lands"
