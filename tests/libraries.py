"""What every process that runs a DAG reads first: imported once, by the process that such processes are forked from."""

from __future__ import annotations

import airflow.dag_processing.dagbag
import airflow.utils.db
import dbt.cli.main
import great_expectations
from airflow.sdk.execution_time.supervisor import in_process_api_server

# The routes of all versions of Airflow's execution API, which take longer to make than a small agency's night.
in_process_api_server().app._cadwyn_initialize()

__all__ = ["airflow", "dbt", "great_expectations"]
