"""What every process that runs a DAG reads first: imported once, by the process that such processes are forked from."""

from __future__ import annotations

import airflow.dag_processing.dagbag
import airflow.utils.db
import dbt.cli.main
import great_expectations
import tests.newest_api
from airflow.sdk.execution_time.supervisor import in_process_api_server

# The routes of Airflow's execution API, which are otherwise made for the first task.
in_process_api_server().app._cadwyn_initialize()

__all__ = ["airflow", "dbt", "great_expectations", "tests"]
