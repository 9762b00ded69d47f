"""A whole night with landing on two machines and the warehouse on a third comes to the marts of one home, row by row.

Three homes stand for three disks; the shared folder alone lies between them.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.takes(60)

ON_WORKERS = {"land", "gate"}  # the gate reads no file


def test_a_night_on_three_disks_equals_a_night_on_one(
    first_night, before_first_night, airflow_home: Path, tmp_path: Path
) -> None:
    home, workers, area = before_first_night, [tmp_path / "worker1", tmp_path / "worker2"], tmp_path / "area"
    area.mkdir(mode=0o700)
    # What the nights before wrote may still stand in the log beside the file.
    with (
        closing(sqlite3.connect(airflow_home / "airflow.db")) as written,
        closing(sqlite3.connect(tmp_path / "airflow.db")) as copied,
    ):
        written.backup(copied)
    with home.environment():
        environment = {
            **os.environ,
            "MUTASI_LANDING_CONNECTION": "shared_landing",
            "AIRFLOW_CONN_SHARED_LANDING": json.dumps({"conn_type": "fs", "host": f"file://{area}"}),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        }
        command = [sys.executable, "-m", "tests.integration.two_machines", str(home.day), str(home.path), *map(str, workers)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    told = json.loads(ran.stdout.splitlines()[-1])
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


RUNS = "select agency_id, dataset, step, status, rows_received from quality.runs where step = 'land' order by all"
