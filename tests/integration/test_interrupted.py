"""A run that is killed loses nothing and leaves nothing half done; the next run heals."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import duckdb
import pytest
from tests.integration import forked

pytestmark = pytest.mark.takes(115)


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
    for moment in ("quality/runs/*/land-*.parquet", "warehouse/build.duckdb"):
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
