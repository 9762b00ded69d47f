"""What a mapping that fits may still mean wrongly: norms of another unit, people who have left, posts that were left long ago.

Each of these passes every rule of a column and spoils the figures. They are told to whoever writes the agency file, and stop nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb

# PermenPANRB 1/2020: 1,250 hours. Here only the size matters: the warehouse takes the year's own parameter.
WORKING_YEAR_MINUTES = 75_000
PERIODS = {"year": 1, "month": 12, "week": 50, "day": 235}
SMALLEST_POST, LARGEST_POST = 0.1, 20
TWO_POSTS = 0.05


def implausible(con: duckdb.DuckDBPyConnection, dataset: str, mapped: set[str]) -> Iterator[str]:
    """Sentences about the table `typed` of one dataset, of which the columns `mapped` are filled."""
    look = LOOKS.get(dataset)
    if look is not None:
        yield from look(con, mapped)


def _workloads(con: duckdb.DuckDBPyConnection, mapped: set[str]) -> Iterator[str]:
    """A norm in hours makes every post need a sixtieth of its people."""
    factors = " ".join(f"when '{period}' then {factor}" for period, factor in PERIODS.items())
    [(need,)] = con.execute(
        f"""
        select median(need) from (
            select sum(volume * minutes_per_unit * case coalesce(volume_period, 'year') {factors} end) / {WORKING_YEAR_MINUTES} as need
            from typed where coalesce(activity_class, 'service') = 'service' group by unit_id, position_id, year
        ) where need > 0
        """
    ).fetchall()
    if need is not None and not SMALLEST_POST <= need <= LARGEST_POST:
        hint = "`factor: 60` turns hours into minutes" if need < SMALLEST_POST else "or the norm counts seconds"
        side = "less" if need < SMALLEST_POST else "more"
        yield (
            f"half of the posts need {need:,.2g} persons or {side} by `volume` and `minutes_per_unit`. Does the norm count minutes "
            f"({hint}), and the volume what `volume_period` says?"
        )


def _positions(con: duckdb.DuckDBPyConnection, mapped: set[str]) -> Iterator[str]:
    """A move is lawful between posts of one job, so where no job is known no move can be."""
    if "job_id" not in mapped:
        yield (
            "nothing maps job_id, so no two posts are known to be of one job and no transfer can be proposed. Map the code of the job, "
            "or the column of job_name where the agency has no codes."
        )
    if "job_family" not in mapped:
        yield (
            "nothing maps job_family, so experience, trainings and the field of study count for nobody. "
            "Where the agency knows no families, the column of job_name serves."
        )


def _employees(con: duckdb.DuckDBPyConnection, mapped: set[str]) -> Iterator[str]:
    """Without a legal position everybody counts as at work."""
    if "legal_status_code" not in mapped:
        yield (
            "nothing maps legal_status_code, so everybody counts as at work. Map it, or leave out those who have retired or moved "
            "away by `deleted` or in the query."
        )


def _assignments(con: duckdb.DuckDBPyConnection, mapped: set[str]) -> Iterator[str]:
    """Rows of the past that nobody ended put people at several posts at once."""
    [(people, twice)] = con.execute(
        """
        select count(*), count(*) filter (posts > 1) from (
            select nip, count(distinct (unit_id, position_id)) as posts from typed
            where assignment_type = 'D' and (valid_to is null or valid_to >= current_date) and valid_from <= current_date
            group by nip
        )
        """
    ).fetchall()
    if twice > TWO_POSTS * people:
        yield (
            f"{twice:,} of {people:,} people hold more than one definitive post today, and count at each with a part. If rows of the "
            "past have no end, let the query end each where the person's next begins."
        )


LOOKS: dict[str, Callable[[duckdb.DuckDBPyConnection, set[str]], Iterator[str]]] = {
    "positions": _positions,
    "workloads": _workloads,
    "employees": _employees,
    "assignments": _assignments,
}
