"""The whole week through real Airflow on a small demo: approved, refused, not asked, tampered with, and once more."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from mutasi.publish.extracts import verify_extract

pytestmark = pytest.mark.takes(85)

WEEK = "2026-W45"  # the week of the demo's first night
FORMED = re.compile(r"[0-9]{18}|P[0-9a-f]{20}")
FORMED_ANYWHERE = re.compile(rb"(?=([0-9]{18}|P[0-9a-f]{20}))")  # overlapping, so that none hides in a longer number
FIVE = ["binjai", "dumai", "jakarta", "pekanbaru", "tanjungbalai"]


def week(home: Any, passed_over: str | None = None, **conf: object) -> tuple[str, dict[tuple[str, str], str], str]:
    """Run the DAG; returns its state, the state of every task by (task, map label), and the run's id.

    Tasks whose names match `passed_over` count as done without being run.
    """
    conf = {"week": WEEK, "agencies": [], "ask": False, **conf}
    with home.environment():
        run = home.dagbag.dags["weekly_recommendations"].test(run_conf=conf, mark_success_pattern=passed_over)
    states = {(ti.task_id, ti.rendered_map_index or str(ti.map_index)): str(ti.state) for ti in run.get_task_instances()}
    return str(run.state), states, run.run_id


def official(dag: Any, answer: str, told: dict[str, Any]) -> Callable[[], None]:
    """Plays the official through Airflow's own interface, as soon as there is a question."""
    from airflow.api_fastapi.app import cached_app
    from fastapi.testclient import TestClient

    def play() -> None:
        client = TestClient(cached_app(apps="core"))
        client.headers["Authorization"] = f"Bearer {client.get('/auth/token').json()['access_token']}"
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            found = client.get(f"/api/v2/dags/{dag.dag_id}/dagRuns/~/hitlDetails", params={"response_received": False}).json()
            for detail in found.get("hitl_details", []):
                ti = detail["task_instance"]
                told["body"] = detail["body"]
                address = (
                    f"/api/v2/dags/{dag.dag_id}/dagRuns/{ti['dag_run_id']}/taskInstances/approve/{ti['map_index']}/hitlDetails"
                )
                told["response"] = client.patch(address, json={"chosen_options": [answer], "params_input": {}}).status_code
                return
            time.sleep(0.5)

    return play


@pytest.fixture(scope="module")
def weekly(first_night: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home with one published week, which nobody was asked about."""
    home = first_night.copy(tmp_path_factory.mktemp("week") / "home")
    home.state, home.states, _ = week(home)
    return home


def copied(weekly: Any, tmp_path: Path) -> Any:
    """A home of its own; a copy of a link is a folder, so the pointer goes."""
    home = weekly.copy(tmp_path / "home")
    shutil.rmtree(home.path / "extracts" / WEEK / "current")
    return home


def extracts(home: Any) -> Path:
    return (home.path / "extracts" / WEEK / "current").resolve()


def test_a_week_is_published_and_nothing_is_sent_where_nobody_is_asked(weekly: Any) -> None:
    assert weekly.state == "success"
    assert sorted(label for task, label in weekly.states if task == "extract") == [*FIVE, "wilayah"]
    assert {weekly.states[task, "-1"] for task in ("freeze", "recommend", "verify", "publish", "ask")} == {"success"}
    assert {weekly.states[task, "-1"] for task in ("approve", "deliver", "note")} == {"skipped"}
    for folder in [*FIVE, "wilayah"]:
        assert verify_extract(extracts(weekly) / folder) > 15


def test_what_is_published_is_what_was_proved(weekly: Any) -> None:
    told = json.loads((extracts(weekly) / "manifest.json").read_text())
    run = json.loads((weekly.path / "runs" / WEEK / told["run_id"] / "run.json").read_text())
    assert (told["inputs_hash"], told["policy_hash"]) == (run["inputs_hash"], run["policy_hash"])
    moves = sum(
        pq.read_metadata(extracts(weekly) / "wilayah" / "parquet" / f"usulan-{part}.parquet").num_rows
        for part in ("prioritas", "cadangan")
    )
    assert moves == run["counts"]["moves"] > 0


def persons_in(home: Any, kept: bytes) -> list[str]:
    """Names, numbers and person ids of the planners' database that stand in `kept`."""
    with duckdb.connect() as con:
        con.execute(f"attach '{home.path}/warehouse/planning.duckdb' as p (read_only)")
        people = con.execute("select nip, employee_name, person_id from p.planning.employees").fetchall()
    values = {value for row in people for value in row if value and len(value) > 6}
    formed = {value for value in values if FORMED.fullmatch(value)}
    there = {found.decode() for found in FORMED_ANYWHERE.findall(kept)}
    return [*formed & there, *(value for value in begun(values - formed, kept) if value.encode() in kept)]


def begun(values: set[str], kept: bytes) -> list[str]:
    """Those whose first seven bytes stand anywhere in `kept`: all that can be there, found in one pass over it."""
    run = np.lib.stride_tricks.sliding_window_view(np.frombuffer(kept, np.uint8), 7)
    places = run.astype(np.uint64) @ (np.uint64(256) ** np.arange(7, dtype=np.uint64))
    named = sorted(values)
    first = np.array([int.from_bytes(value.encode()[:7], "little") for value in named], np.uint64)
    return [named[n] for n in np.flatnonzero(np.isin(first, places))]


def airflow_s_memory(home: Path) -> bytes:
    """Its database with the log of what is not yet in it, and the logs of tasks."""
    files = [*home.glob("airflow.db*"), *(home / "logs").rglob("*.log")]
    return b"".join(file.read_bytes() for file in files)


def test_no_person_stands_in_airflow_s_database_or_logs(weekly: Any, first_night: Any, airflow_home: Path) -> None:
    """Of the week, and of the night before it, which another worker may have run."""
    for place in (airflow_home, first_night.path.parent):
        kept = airflow_s_memory(place)
        assert len(kept) > 100_000 and persons_in(weekly, kept) == [], place


def test_the_same_week_again_writes_nothing(weekly: Any) -> None:
    before = {f: f.stat().st_mtime_ns for f in extracts(weekly).rglob("*")}
    state, _, _ = week(weekly)
    assert state == "success" and {f: f.stat().st_mtime_ns for f in extracts(weekly).rglob("*")} == before
    assert len(list((weekly.path / "runs" / WEEK).iterdir())) == 1


@pytest.mark.parametrize(("answer", "sent"), [("Approve", True), ("Reject", False)])
def test_only_the_official_s_approval_sends(
    weekly: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_home: Path, answer: str, sent: bool
) -> None:
    home = copied(weekly, tmp_path)
    dag = home.dagbag.dags["weekly_recommendations"]
    monkeypatch.setattr(dag.get_task("approve"), "assigned_users", [{"id": "Anonymous", "name": "Pejabat"}])
    monkeypatch.setenv("AIRFLOW_CONN_MUTASI_DELIVERY_FOLDER", json.dumps({"conn_type": "fs", "host": str(tmp_path / "share")}))
    told: dict[str, Any] = {}
    player = threading.Thread(target=official(dag, answer, told), daemon=True)
    player.start()
    state, states, _ = week(home, ask=True)
    player.join(10)
    assert state == "success" and told["response"] == 200
    assert "Usulan prioritas" in told["body"] and WEEK in told["body"]
    kept = airflow_s_memory(airflow_home)
    assert b"Usulan prioritas" in kept, "the question is kept by Airflow, so it may name nobody"
    assert persons_in(weekly, kept) == []
    assert states["deliver", "-1"] == ("success" if sent else "skipped") and states["note", "-1"] == "success"
    assert (tmp_path / "share").exists() == sent
    [file] = (home.path / "extracts" / WEEK / "approvals").iterdir()
    assert json.loads(file.read_text())["answer"] == ("approved" if sent else "refused")


def test_a_tampered_run_is_not_published(weekly: Any, tmp_path: Path) -> None:
    home = copied(weekly, tmp_path)
    [run] = (home.path / "runs" / WEEK).iterdir()
    table = pq.read_table(run / "tables" / "plan.parquet")
    pq.write_table(table.slice(1), run / "tables" / "plan.parquet")
    shutil.rmtree(home.path / "extracts")
    state, states, _ = week(home)
    assert state == "failed" and states["verify", "-1"] == "failed" and states["publish", "-1"] == "upstream_failed"
    assert not (home.path / "extracts").exists()


def test_decisions_change_the_next_plan(weekly: Any, tmp_path: Path) -> None:
    home, run_id = copied(weekly, tmp_path), extracts(weekly).name
    runs = home.path / "runs" / WEEK
    first = next(r for r in pq.read_table(runs / run_id / "out" / "candidates.parquet").to_pylist() if r["solve"] == "published")
    form = home.settings.folder("decisions") / "satu.csv"
    form.write_text(
        f"run_id;candidate_id;instansi;keputusan;alasan\n{run_id};{first['candidate_id']};{first['agency_to']};tolak;tidak setuju\n"
    )
    before = set(runs.iterdir())
    state, states, _ = week(home, passed_over="extract|publish")
    assert state == "success" and states["verify", "-1"] == "success"
    [new] = set(runs.iterdir()) - before
    again = pq.read_table(new / "out" / "candidates.parquet").to_pylist()
    assert again and (first["person_id"], first["to_post_id"]) not in {(r["person_id"], r["to_post_id"]) for r in again}


def test_an_unknown_agency_or_week_is_a_sentence(weekly: Any) -> None:
    state, states, _ = week(weekly, agencies=["atlantis"])
    assert state == "failed" and states["freeze", "-1"] == "failed"
