"""One night in which each task sees the disk of the machine that its queue would put it on, in a process of its own.

Tasks of the queue `warehouse` find MUTASI_HOME at the first home, all others at one of the workers', in turn.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.listeners import hookimpl
from airflow.sdk.listener import get_listener_manager

from mutasi.settings import PROJECT


class Machines:
    """Sets the home before a task runs and notes which tasks each home saw."""

    def __init__(self, warehouse: str, workers: list[str]) -> None:
        self.warehouse, self.workers = warehouse, workers
        self.seen: dict[str, list[str]] = defaultdict(list)

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        is_warehouse = task_instance.task.queue == "warehouse"
        home = self.warehouse if is_warehouse else self.workers[max(task_instance.map_index, 0) % len(self.workers)]
        self.seen[home].append(task_instance.task_id)
        os.environ["MUTASI_HOME"] = home


def night(day: dt.date, warehouse: Path, *workers: Path) -> None:
    """The whole DAG; the last line printed tells its state and which tasks each home saw."""
    machines = Machines(str(warehouse), [str(worker) for worker in workers])
    get_listener_manager().add_listener(machines)
    bag = DagBag(dag_folder=str(PROJECT / "dags"))
    run = bag.dags["nightly_refresh"].test(run_conf={"date": day.isoformat(), "agencies": []})
    sys.stdout.write("\n" + json.dumps({"state": str(run.state), "seen": machines.seen}) + "\n")
    sys.stdout.flush()
