"""`make up`: the real scheduler runs a night that is asked for by its key."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest

from mutasi.orchestration.dates import today
from mutasi.settings import PROJECT

# Not the day that the scheduler starts by itself, and none before the newest event of the generated sources.
NIGHT = (today() - dt.timedelta(days=1)).isoformat()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    """A live `mutasi up` on one agency of a small population; yields a client of its API and its home."""
    home = tmp_path_factory.mktemp("up") / "home"
    agencies = tmp_path_factory.mktemp("agencies")
    shutil.copy(PROJECT / "dags" / "agencies" / "dumai.yml", agencies)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MUTASI"))}
    command = [sys.executable, "-m", "mutasi.cli", "up", "--port", str(port), "--employees", "1000"]
    process = subprocess.Popen(
        command, env={**clean, "MUTASI_HOME": str(home), "MUTASI_AGENCIES": str(agencies)}, stdout=subprocess.PIPE, text=True
    )
    try:
        for line in process.stdout:
            if "is up" in line:
                break
        with httpx.Client(base_url=f"http://localhost:{port}", timeout=30) as client:
            token = client.get("/auth/token").json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client, home
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=90)


def test_a_night_triggered_by_key_is_that_night(airflow):
    client, home = airflow
    runs = "/api/v2/dags/nightly_refresh/dagRuns"
    wrong = client.post(runs, json={"logical_date": None, "partition_key": "5-11-2026"})
    assert wrong.status_code in (400, 422)
    started = client.post(runs, json={"logical_date": None, "partition_key": NIGHT})
    assert started.status_code in (200, 201), started.text
    run = started.json()["dag_run_id"]
    deadline = time.monotonic() + 300
    state = "queued"
    while state in ("queued", "running") and time.monotonic() < deadline:
        time.sleep(1)
        state = client.get(f"{runs}/{run}").json()["state"]
    tasks = client.get(f"{runs}/{run}/taskInstances", params={"limit": 100}).json()["task_instances"]
    assert state == "success", [(t["task_id"], t["rendered_map_index"], t["state"]) for t in tasks if t["state"] != "success"]
    manifest = home / "promoted" / "employees" / NIGHT / "dumai.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["snapshot_date"] == NIGHT
    with duckdb.connect(str(home / "warehouse" / "reporting.duckdb"), read_only=True) as con:
        assert con.execute("select distinct agency_id from marts.dim_agency").fetchall() == [("dumai",)]
        nights = con.execute("select distinct snapshot_date from quality.runs where step = 'promote' order by 1").fetchall()
    assert dt.date.fromisoformat(NIGHT) in {night for (night,) in nights}


def test_make_run_beside_it_says_so(airflow):
    _, home = airflow
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MUTASI"))}
    command = [sys.executable, "-m", "mutasi.cli", "demo"]
    beside = subprocess.run(command, env={**clean, "MUTASI_HOME": str(home)}, capture_output=True, text=True, check=False)
    assert beside.returncode == 1
    assert "Airflow is up on this home" in beside.stderr
