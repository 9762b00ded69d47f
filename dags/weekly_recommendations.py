"""Every week: freeze, recommend, prove, write extracts, ask the official, deliver."""

from __future__ import annotations

import pendulum
from airflow.sdk import CronPartitionTimetable, dag

from mutasi.orchestration.approval import approval
from mutasi.orchestration.defaults import DEFAULT_ARGS
from mutasi.orchestration.nightly import known_agency_ids
from mutasi.orchestration.weekly import (
    ask,
    deliver,
    extract,
    freeze,
    note,
    publish,
    recommend,
    verify,
    weekly_form,
)

DOC = """
Recommends transfers for one week, Monday 05:00 Asia/Jakarta, from the last published planning database.

`freeze` copies it with the agencies' decisions and leaves out agencies whose data are too old (policy `plan_stale_after_days`).
`recommend` finds and proves the plan, `verify` proves it again from its files, `extract` writes per agency and for the region,
`publish` lets all extracts appear at once. Where the proof does not hold nothing is published.

`approve` asks the officials of `MUTASI_APPROVERS`. Only their *Approve* lets `deliver` send; a refusal ends the run without an
error, silence ends it as a failure.

Runbook: `docs/runbooks/weekly-recommendations.md`.
"""


@dag(
    schedule=CronPartitionTimetable("0 5 * * 1", timezone="Asia/Jakarta", key_format="%G-W%V"),
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Jakarta"),
    catchup=False,
    max_active_runs=2,
    default_args=DEFAULT_ARGS,
    params=weekly_form(known_agency_ids()),
    tags=["recommend", "tier-1"],
    doc_md=DOC,
)
def weekly_recommendations() -> None:
    """Names and arrows."""
    folder = recommend(freeze())
    written = extract.expand(wanted=verify(folder))
    told = publish(folder, written)
    answer = approval("approve")

    told >> ask() >> answer
    deliver(told, answer.output) >> note(told)


weekly_recommendations()
