"""The task of the monthly evaluation."""

from __future__ import annotations

from airflow.sdk import Param, get_current_context, task

from mutasi.ledger import Entry, size_of, stepped
from mutasi.orchestration.dates import first_of_month, today
from mutasi.orchestration.defaults import WAREHOUSE, form
from mutasi.settings import Settings


def month_form() -> dict[str, Param]:
    """The form of a run started by hand."""
    return {"month": Param(None, type=["null", "string"], title="Month", description="YYYY-MM; empty: the run's own month")}


@task(queue=WAREHOUSE)
def compare_days() -> str:
    """Write the page of the month; returns the file."""
    from mutasi.publish import write_month_page

    run = get_current_context()["dag_run"]
    settings = Settings.from_environment()
    with stepped(settings, Entry(run.run_id, "evaluate", today())) as entry:
        entry.snapshot_date = first_of_month(getattr(run, "partition_key", None), form(), run.run_after)
        page = write_month_page(settings, entry.snapshot_date)
        entry.bytes = size_of(page)
    return str(page)
