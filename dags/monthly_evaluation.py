"""Every month, once its nights are in: what became of the units since its first day."""

from __future__ import annotations

import pendulum
from airflow.sdk import MinimumCount, MonthWindow, PartitionedAssetTimetable, RollupMapper, StartOfMonthMapper, dag

from mutasi.orchestration.assets import REPORTING
from mutasi.orchestration.defaults import DEFAULT_ARGS
from mutasi.orchestration.monthly import compare_days, month_form

DOC = """
Compares the first with the last published night of a month, agency by agency: shortage, surplus, empty posts, data quality. The
page stands in `reports/month/<first day>/`.

Runs by itself when at most three nights of the month are missing; a month that waited for every night would wait for ever after
one that failed. By hand: name the month in the form.
"""


@dag(
    schedule=PartitionedAssetTimetable(
        assets=REPORTING,
        default_partition_mapper=RollupMapper(
            upstream_mapper=StartOfMonthMapper(input_format="%Y-%m-%d"), window=MonthWindow(), wait_policy=MinimumCount(-3)
        ),
    ),
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Jakarta"),
    catchup=False,
    default_args=DEFAULT_ARGS,
    params=month_form(),
    tags=["evaluate"],
    doc_md=DOC,
)
def monthly_evaluation() -> None:
    """Names and arrows."""
    compare_days()


monthly_evaluation()
