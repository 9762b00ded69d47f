"""A run that is killed loses nothing and leaves nothing half done; the next run heals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import duckdb
import pytest

pytestmark = pytest.mark.takes(115)

FIRST_NIGHT = "2026-11-02"


def kill_when(home, ready: Callable[[], bool]) -> None:
    """Start the DAG and kill the whole process group as soon as `ready`."""
    with home.environment():
        process = home.start(home.day)
        deadline = time.monotonic() + 120
        while not ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None, "the run ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


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


REFRESH = """
import datetime as dt, sys
from mutasi.settings import Settings
from mutasi.sources.registry import read_agencies
from mutasi.warehouse.refresh import build_warehouse, publish_warehouse
settings, day = Settings.from_environment(), dt.date.fromisoformat(sys.argv[1])
build_warehouse(settings, read_agencies(settings.agencies), day, sys.argv[2])
publish_warehouse(settings, day, sys.argv[2])
"""


def test_two_refreshes_at_once_take_turns(after_first_night):
    home = after_first_night
    before = home.marts()
    with home.environment():
        both = [
            subprocess.Popen([sys.executable, "-c", REFRESH, FIRST_NIGHT, run], stderr=subprocess.PIPE, text=True)
            for run in ("a", "b")
        ]
        errors = [process.communicate(timeout=240)[1] for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes
    for code, error in zip(codes, errors, strict=True):
        assert code == 0 or "The build on disk is not this run's" in error
    assert home.marts() == before
