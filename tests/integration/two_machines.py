"""One night in which each task sees the disk of the machine that its queue would put it on; run by test_two_machines.py.

    python -m tests.integration.two_machines DAY WAREHOUSE_HOME WORKER_HOME WORKER_HOME

Tasks of the queue `warehouse` find MUTASI_HOME at the first home, all others at one of the workers', in turn.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
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


def main() -> None:
    day, warehouse, *workers = sys.argv[1:]
    machines = Machines(warehouse, workers)
    get_listener_manager().add_listener(machines)
    bag = DagBag(dag_folder=str(PROJECT / "dags"))
    run = bag.dags["nightly_refresh"].test(run_conf={"date": day, "agencies": []})
    sys.stdout.write("\n" + json.dumps({"state": str(run.state), "seen": machines.seen}) + "\n")


if __name__ == "__main__":
    main()
