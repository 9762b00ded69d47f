"""A run that is killed loses nothing and leaves nothing half done; the next run heals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("quality/runs/*/land-*.parquet", id="mid_landing"),
        pytest.param("warehouse/build.duckdb", id="mid_dbt"),
    ],
)
def test_a_killed_run_is_healed_by_the_next(first_night, tmp_path, moment):
    home = first_night.copy(tmp_path / "home", bare=True)
    kill_when(home, lambda: any(home.path.glob(moment)))
    assert not (home.path / "warehouse" / "reporting.duckdb").exists()
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


def test_a_reader_keeps_what_it_opened_while_the_file_is_replaced(after_first_night):
    """The old file lives as long as somebody reads it; who opens anew gets the new one."""
    home = after_first_night
    file = Path(home.path / "warehouse" / "reporting.duckdb")
    reader = f"""
import duckdb, sys, time
con = duckdb.connect({str(file)!r}, read_only=True)
first = con.execute("select sum(need_fte), count(*) from marts.unit_workload").fetchone()
print("ready", flush=True)
sys.stdin.readline()
assert con.execute("select sum(need_fte), count(*) from marts.unit_workload").fetchone() == first
"""
    process = subprocess.Popen([sys.executable, "-c", reader], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    inode = file.stat().st_ino
    day = home.generate(1)
    state, _ = home.refresh(day)
    assert state == "success" and file.stat().st_ino != inode
    process.communicate("go\n", timeout=60)
    assert process.returncode == 0
