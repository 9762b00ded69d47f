"""The plan in force as inputs of the warehouse: what the newest published week proposed, or tables without rows.

A week counts from the day after its Monday, whatever was published since: the same day always reads the same plan.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from mutasi.engine import connect, copy, quoted
from mutasi.settings import Settings

WEEK = re.compile(r"^(\d{4})-W(\d{2})$")
PLANS = {
    "plan_candidates": (
        "candidates",
        "candidate_id varchar, solve varchar, part varchar, rank bigint, person_id varchar, from_post_id varchar, to_post_id varchar, "
        "agency_from varchar, agency_to varchar, chain_id varchar, chain_order bigint, chain_kind varchar, fit_points bigint, "
        "gain bigint, price_of_refusal bigint, initiative varchar, is_critical_post boolean, review_rules varchar, "
        "route_code varchar, missing_documents varchar",
    ),
    "plan_why_not": (
        "why_not",
        "person_id varchar, agency_id varchar, outcome varchar, failed_rules varchar, review_rules varchar, best_post_id varchar, "
        "reason_code varchar, price bigint",
    ),
    "plan_units": (
        "units",
        "agency_id varchar, unit_id varchar, need_fte double, staff_before double, staff_after double, moves_in bigint, moves_out bigint",
    ),
}  # fmt: skip


def write_plans(settings: Settings, inputs: Path, as_of: dt.date) -> None:
    """Write one folder per table of the plan below `inputs`; each bears the week and the run that it comes from."""
    run = published_run(settings, as_of)
    with connect(settings) as con:
        for name, (table, columns) in PLANS.items():
            (inputs / name).mkdir(parents=True, exist_ok=True)
            pairs = [column.strip().rsplit(" ", 1) for column in columns.split(",")]
            empty = ", ".join(f"null::{kind} as {column}" for column, kind in pairs)
            copy(
                con,
                f"select null::varchar as week, null::varchar as run_id, {empty} where false",
                inputs / name / "_none.parquet",
            )
            if run is not None:
                cast = ", ".join(f"{column}::{kind} as {column}" for column, kind in pairs)
                origin = f"{quoted(run.parent.name)} as week, {quoted(run.name)} as run_id"
                file = run / "out" / f"{table}.parquet"
                copy(con, f"select {origin}, {cast} from read_parquet({quoted(str(file))})", inputs / name / "plan.parquet")


def published_run(settings: Settings, as_of: dt.date) -> Path | None:
    """The run behind the extracts of the newest week whose Monday is before the day; None where no week is published."""
    pointers = (settings.home / "extracts").glob("*/current")
    weeks = sorted((_monday(p.parent.name), p) for p in pointers if WEEK.match(p.parent.name))
    for monday, pointer in reversed(weeks):
        run = settings.home / "runs" / pointer.parent.name / pointer.readlink().name
        if monday < as_of and all((run / "out" / f"{table}.parquet").exists() for table, _ in PLANS.values()):
            return run
    return None


def _monday(week: str) -> dt.date:
    year, number = week.split("-W")
    return dt.date.fromisocalendar(int(year), int(number), 1)
