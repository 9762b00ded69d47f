"""What a scheduler adds: `nightly_refresh` as `make up` runs it, its wall seconds beside those of its steps.

Once for one agency of a city's size, and once for many tiny agencies: there is next to nothing to land and to promote, so what
these two mapped steps take from their first start to their last end, shared among their tasks, is what a mapped task costs.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
from tests.live_airflow import live_airflow

from mutasi.demo import generate
from mutasi.orchestration.dates import today

# (employees, agencies); the many are as small as the generator makes them.
RUNS = {"city": (5_000, 1), "many": (1_000, 40)}
MAPPED = ("land", "promote")  # each ends before the next step begins; `report_defects` runs beside the build
RUN = "/api/v2/dags/nightly_refresh/dagRuns"


def figures() -> Iterator[tuple[str, float, str, float | None, str | None]]:
    """Wall seconds of the whole DAG and of its steps, tasks, and what a mapped task costs."""
    for name, (employees, agencies) in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            run, tasks, steps = _night(Path(folder) / "home", employees, agencies)
        yield f"dag_{name}_agencies", agencies, "", None, None
        yield f"dag_{name}_tasks", len(tasks), "", None, None
        yield f"dag_{name}_wall", round(float(run["duration"]), 1), "s", None, "steps"
        yield f"dag_{name}_steps", round(steps, 1), "s", None, None
    mapped = sum(_span([task for task in tasks if task["task_id"] == step]) for step in MAPPED)
    yield "dag_mapped_task", round(1e3 * mapped / agencies / len(MAPPED)), "ms", None, None


def _span(tasks: list[dict[str, str]]) -> float:
    """Seconds from the first start to the last end."""
    starts, ends = ([dt.datetime.fromisoformat(task[at]) for task in tasks] for at in ("start_date", "end_date"))
    return (max(ends) - min(starts)).total_seconds()


def _night(home: Path, employees: int, agencies: int) -> tuple[dict[str, str], list[dict[str, str]], float]:
    """(run, tasks, seconds of its steps by the ledger) of one night under a scheduler of its own."""
    generate(home, employees=employees, as_of=today(), agencies=agencies, form="parquet")
    made = {"employees": employees, "as_of": today().isoformat(), "first": today().isoformat()}
    (home / "demo" / "generated.json").write_text(json.dumps(made), encoding="utf-8")
    with live_airflow(home, home / "demo" / "agencies", employees) as client:
        for other in ("weekly_recommendations", "refresh_watch"):
            client.patch(f"/api/v2/dags/{other}", json={"is_paused": True}).raise_for_status()
        run, tasks = _ended(client), []
        while page := _tasks(client, run["dag_run_id"], len(tasks)):
            tasks += page
    assert run["state"] == "success", [
        (task["task_id"], task["rendered_map_index"]) for task in tasks if task["state"] != "success"
    ]
    with duckdb.connect() as con:
        ledger = f"select sum(seconds) from read_parquet('{home}/quality/runs/[!_]*/*.parquet') where run_id = ?"
        [(steps,)] = con.execute(ledger, [run["dag_run_id"]]).fetchall()
    return run, tasks, float(steps)


def _tasks(client: httpx.Client, run_id: str, offset: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get(f"{RUN}/{run_id}/taskInstances", params={"limit": 100, "offset": offset}).json()[
        "task_instances"
    ]
    return found


def _ended(client: httpx.Client) -> dict[str, str]:
    """The night that the scheduler begins by itself when it starts, once it has ended."""
    while True:
        for run in client.get(RUN).json()["dag_runs"]:
            if run["state"] in ("success", "failed"):
                ended: dict[str, str] = run
                return ended
        time.sleep(2)
