"""`make up`: the real scheduler runs a night that is asked for by its key."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest
from tests.live_airflow import clean_environment, live_airflow

from mutasi.orchestration.dates import today
from mutasi.settings import PROJECT

pytestmark = pytest.mark.takes(125)

# Not the day that the scheduler starts by itself, and none before the newest event of the generated sources.
NIGHT = (today() - dt.timedelta(days=1)).isoformat()
RUNS = "/api/v2/dags/nightly_refresh/dagRuns"


@pytest.fixture(scope="module")
def metrics() -> Iterator[tuple[int, set[str]]]:
    """A StatsD server's ear; yields its port and the names of the metrics that come."""
    heard: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))

        def listen() -> None:
            with contextlib.suppress(OSError):
                while packet := ear.recv(65_536):
                    heard.update(line.partition(":")[0] for line in packet.decode().splitlines())

        threading.Thread(target=listen, daemon=True).start()
        yield ear.getsockname()[1], heard


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, metrics: tuple[int, set[str]]) -> Iterator[tuple[httpx.Client, Path]]:
    """A live `mutasi up` on one agency of a small population, watched as a team would; yields a client of its API and its home."""
    home = tmp_path_factory.mktemp("up") / "home"
    agencies = tmp_path_factory.mktemp("agencies")
    shutil.copy(PROJECT / "dags" / "agencies" / "dumai.yml", agencies)
    watched = {
        "AIRFLOW__METRICS__STATSD_ON": "true",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(metrics[0]),
        "AIRFLOW__LOGGING__JSON_LOGS": "true",
    }
    with live_airflow(home, agencies, 1000, **watched) as client:
        end_what_it_started_itself(client)
        yield client, home


def end_what_it_started_itself(client: httpx.Client) -> None:
    """The scheduler has begun the night of today; nobody looks at that here, and the one asked for would wait for its end."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if begun := client.get(RUNS).json()["dag_runs"]:
            for run in begun:
                client.patch(f"{RUNS}/{run['dag_run_id']}", json={"state": "failed"}).raise_for_status()
            return
        time.sleep(0.5)


def test_a_night_triggered_by_key_is_that_night(airflow):
    client, home = airflow
    wrong = client.post(RUNS, json={"logical_date": None, "partition_key": "5-11-2026"})
    assert wrong.status_code in (400, 422)
    started = client.post(RUNS, json={"logical_date": None, "partition_key": NIGHT})
    assert started.status_code in (200, 201), started.text
    run = started.json()["dag_run_id"]
    deadline = time.monotonic() + 1200  # on a machine that does much else
    state = "queued"
    while state in ("queued", "running") and time.monotonic() < deadline:
        time.sleep(1)
        state = client.get(f"{RUNS}/{run}").json()["state"]
    tasks = client.get(f"{RUNS}/{run}/taskInstances", params={"limit": 100}).json()["task_instances"]
    assert state == "success", [(t["task_id"], t["rendered_map_index"], t["state"]) for t in tasks if t["state"] != "success"]
    manifest = home / "promoted" / "employees" / NIGHT / "dumai.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["snapshot_date"] == NIGHT
    with duckdb.connect(str(home / "warehouse" / "reporting.duckdb"), read_only=True) as con:
        assert con.execute("select distinct agency_id from marts.dim_agency").fetchall() == [("dumai",)]
        nights = con.execute("select distinct snapshot_date from quality.runs where step = 'promote' order by 1").fetchall()
    assert dt.date.fromisoformat(NIGHT) in {night for (night,) in nights}


def test_every_step_of_it_left_rows_bytes_time_and_memory(airflow):
    _, home = airflow
    with duckdb.connect() as con:
        steps = con.execute(
            f"""
            select step, count(*) filter (seconds is null or peak_mb is null or started_at is null or run_id is null),
                coalesce(sum(bytes), 0) > 0, coalesce(sum(rows_received), 0) > 0
            from read_parquet('{home}/quality/runs/[!_]*/*.parquet', union_by_name = true)
            where snapshot_date = ? group by step
            """,
            [NIGHT],
        ).fetchall()
    assert {step for step, *_ in steps} == {"plan", "land", "check", "promote", "report", "watch", "history", "build", "publish"}
    assert [step for step, unfilled, *_ in steps if unfilled] == []
    assert {step for step, _, has_bytes, _ in steps if not has_bytes} == {"plan", "watch"}
    assert {step for step, *_, has_rows in steps if not has_rows} == {"plan", "watch", "report"}
    assert "publish" in (home / "reports" / "runs" / "index.html").read_text(encoding="utf-8")


def test_a_month_whose_nights_are_in_is_evaluated_by_itself(airflow):
    """At most three nights may be missing: with the night above it is just enough, so that night's own event was heard."""
    client, home = airflow
    night = dt.date.fromisoformat(NIGHT)
    following = (night.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
    others = [night.replace(day=n + 1).isoformat() for n in range((following - night.replace(day=1)).days) if n + 1 != night.day]
    [asset] = [a for a in client.get("/api/v2/assets").json()["assets"] if a["uri"].endswith("reporting.duckdb")]
    runs = "/api/v2/dags/monthly_evaluation/dagRuns"
    for day in others[: len(others) - 3]:
        assert client.get(runs).json()["dag_runs"] == []
        client.post("/api/v2/assets/events", json={"asset_id": asset["id"], "partition_key": day}).raise_for_status()
    deadline = time.monotonic() + 300
    state = None
    while state not in ("success", "failed") and time.monotonic() < deadline:
        time.sleep(1)
        state = next((run["state"] for run in client.get(runs).json()["dag_runs"]), None)
    assert state == "success"
    page = home / "reports" / "month" / night.replace(day=1).isoformat() / "index.html"
    assert "terbit 1 dari" in page.read_text(encoding="utf-8")


def test_metrics_arrive_where_the_environment_says(airflow, metrics):
    deadline = time.monotonic() + 30
    wanted = {"airflow.scheduler_heartbeat", "airflow.ti_successes", "airflow.executor.open_slots"}
    while not wanted <= metrics[1] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert wanted <= metrics[1], sorted(metrics[1])
    assert any(name.startswith("airflow.dagrun.duration.success") for name in metrics[1]), sorted(metrics[1])


def test_logs_are_json_where_the_environment_says(airflow):
    _, home = airflow
    files = list((home / "airflow" / "logs").glob("dag_id=nightly_refresh/**/*.log"))
    assert len(files) > 8
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert {"timestamp", "level", "event"} <= json.loads(line).keys(), file.name


def test_make_run_beside_it_says_so(airflow):
    _, home = airflow
    command = [sys.executable, "-m", "mutasi.cli", "demo"]
    beside = subprocess.run(
        command, env={**clean_environment(), "MUTASI_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert beside.returncode == 1
    assert "Airflow is up on this home" in beside.stderr
