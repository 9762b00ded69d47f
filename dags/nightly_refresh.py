"""Every night: land, check, promote, remember, build, publish."""

from __future__ import annotations

import pendulum
from airflow.sdk import CronPartitionTimetable, dag

from mutasi.orchestration.defaults import DEFAULT_ARGS, run_form
from mutasi.orchestration.nightly import (
    build,
    check,
    gate,
    known_agency_ids,
    land,
    plan_agencies,
    promote,
    publish,
    remember,
    report_checks,
    report_defects,
    watch,
)

DOC = """
Refreshes the warehouse for one day, 02:00 Asia/Jakarta.

`land`, `promote` and `report_defects` run once per agency, `check` once for all: each dataset over all agencies. An agency that fails does so alone
and by name; its newest earlier snapshot stays in use. When every agency fails the run fails and the marts stay as they are.

Runbooks: `docs/runbooks/` (failed-check, stale-agency, backfill, onboard-agency).
"""


@dag(
    schedule=CronPartitionTimetable("0 2 * * *", timezone="Asia/Jakarta", key_format="%Y-%m-%d"),
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Jakarta"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params=run_form(known_agency_ids()),
    tags=["refresh", "tier-1"],
    doc_md=DOC,
)
def nightly_refresh() -> None:
    """Names and arrows."""
    agencies = plan_agencies()
    landed = land.expand(agency_id=agencies)
    checked = check()
    promoted = promote.expand(agency_id=agencies)

    landed >> checked >> promoted >> report_defects.expand(agency_id=agencies)
    checked >> report_checks()
    promoted >> watch()
    gate(promoted) >> remember() >> build() >> publish()


nightly_refresh()
