"""What a week starts from: the published planning database, without agencies whose data are too old, with the latest decisions.

It is a copy, so that the night may publish meanwhile, and it is the same for the same data and decisions whenever it is made.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mutasi.decide.decisions import Decisions
from mutasi.engine import quoted
from mutasi.errors import NeedsAPerson
from mutasi.settings import Settings
from mutasi.warehouse.publish import planning_file, reporting_file

WEEK = re.compile(r"^(\d{4})-W(\d{2})$")
REFUSAL_MONTHS = 12  # where the policy has no row


class WeekError(NeedsAPerson):
    """The week cannot be planned; the message says why and what to do."""


@dataclass(frozen=True)
class Prepared:
    """The copy, who takes part, and who does not, with the reason in Indonesian."""

    planning: Path
    agencies: tuple[str, ...]
    left_out: dict[str, str]


def monday(week: str) -> dt.date:
    """The first day of an ISO week.

    Raises:
        WeekError: it is not of the form 2026-W47.
    """
    match = WEEK.match(week)
    try:
        if match is None:
            raise ValueError
        return dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise WeekError(f"The week `{week}` is not one; write it as 2026-W47.") from None


def day_of(week: str, today: dt.date) -> dt.date:
    """The day by which the age of data is judged: today within the week, else the Monday on which the week was due."""
    first = monday(week)
    return today if first <= today < first + dt.timedelta(days=7) else first


def prepare(settings: Settings, week: str, today: dt.date, wanted: Sequence[str], decisions: Decisions) -> Prepared:
    """Copy the published planning database and take out and put in what the week needs.

    Raises:
        WeekError: nothing is published, an agency is unknown, or no agency may take part.
    """
    source = planning_file(settings)
    if not source.exists():
        raise WeekError(f"{source} does not exist: run the nightly refresh first.")
    target = settings.folder("tmp", "weeks") / f"{week}.duckdb"
    for file in (target, target.with_name(f"{target.name}.wal")):
        file.unlink(missing_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o600)
    with duckdb.connect(str(target)) as con:
        left_out = _left_out(con, settings, day_of(week, today), wanted)
        known = {row[0] for row in con.execute("select distinct agency_id from planning.transfer_posts").fetchall()}
        if unknown := sorted(set(wanted) - known):
            raise WeekError(
                f"No agency {', '.join(unknown)} in the published planning database; it has {', '.join(sorted(known))}."
            )
        agencies = tuple(sorted(known - set(left_out)))
        if not agencies:
            reasons = "; ".join(f"{a}: {r}" for a, r in left_out.items())
            raise WeekError(f"No agency may take part in {week} ({reasons}). See docs/runbooks/stale-agency.md.")
        for table in ("transfer_people", "transfer_posts"):
            con.execute(f"delete from planning.{table} where agency_id in (select unnest(?))", [sorted(left_out)])
        _lock(con, decisions)
        # Which night published the data decides nothing; without it the same data make the same run.
        con.execute("update planning.publication set run_id = 'week', published_at = as_of::timestamp")
    return Prepared(target, agencies, left_out)


def _left_out(con: duckdb.DuckDBPyConnection, settings: Settings, day: dt.date, wanted: Sequence[str]) -> dict[str, str]:
    """Agencies that were not asked for, and those whose data are older than the policy allows."""
    ages = _data_as_of(con, settings)
    limit = _policy(con, "plan_stale_after_days")
    found = {}
    for agency, as_of in ages.items():
        if wanted and agency not in wanted:
            found[agency] = "tidak diminta dalam pelaksanaan ini"
        elif as_of is None or (limit is not None and (day - as_of).days > limit):
            age = "tidak diketahui" if as_of is None else f"{(day - as_of).days} hari"
            found[agency] = f"umur data {age}, batas {limit} hari"
    return found


def _data_as_of(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, dt.date | None]:
    file = reporting_file(settings)
    ages: dict[str, dt.date | None] = dict(
        con.execute("select agency_id, max(snapshot_date) from planning.employees group by agency_id").fetchall()
    )
    if file.exists():
        con.execute(f"attach {quoted(str(file))} as reporting_db (read_only)")
        ages |= dict(con.execute("select agency_id, data_as_of from reporting_db.marts.dim_agency").fetchall())
        con.execute("detach reporting_db")
    return dict(sorted(ages.items()))


def _policy(con: duckdb.DuckDBPyConnection, code: str) -> int | None:
    row = con.execute(
        "select try_cast(p.value as integer) from planning.transfer_policy as p, planning.publication as t where p.policy_code = ? "
        "and p.agency_id is null and p.valid_from <= t.as_of and coalesce(p.valid_to >= t.as_of, true) order by p.valid_from desc",
        [code],
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else None


def _lock(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Decisions become locks; an approved or running move also holds its seat and no longer counts at home.

    It does so until the person's record shows another post, for nobody is proposed again between decree and record.
    """
    if not decisions.locks:
        return
    _settle(con, decisions)
    con.execute(
        "insert into planning.transfer_locks by name select person_id, kind, post_id, until_date, 'decisions' as source from new_locks"
    )
    con.execute(
        """
        with coming as (
            select post_id, count(distinct person_id) as people from new_locks
            where kind in ('approved', 'in_process') and not is_counted group by post_id
        )
        update planning.transfer_posts as p set open_seats = greatest(p.open_seats - c.people, 0), people_coming = p.people_coming + c.people
        from coming as c where p.post_id = c.post_id
        """
    )
    con.execute(
        """
        with going as (
            select h.post_id, count(distinct l.person_id) as people from new_locks as l join planning.transfer_people as h using (person_id)
            where l.kind in ('approved', 'in_process') and not l.is_counted group by h.post_id
        )
        update planning.transfer_posts as p
        set releasable = greatest(p.releasable - g.people, 0), people_leaving = p.people_leaving + g.people
        from going as g where p.post_id = g.post_id
        """
    )


def _settle(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Make `new_locks`: the decisions that bind on the day of the data, and that the night does not know already."""
    asked = _policy(con, "refusal_lasts_months")
    months = REFUSAL_MONTHS if asked is None else asked
    con.execute(
        "create temp table decided (person_id varchar, kind varchar, from_post_id varchar, to_post_id varchar, until_date date, decided_on date)"
    )
    con.executemany("insert into decided values (?, ?, ?, ?, ?, ?)", [list(lock) for lock in decisions.locks])
    con.execute(
        f"""
        create temp table new_locks as
        with dated as (
            select * replace (
                case when kind = 'refused' then coalesce(until_date, (decided_on + interval {months} month)::date) else until_date end as until_date
            )
            from decided
        )
        select d.person_id, d.kind, case when d.kind <> 'objection' then d.to_post_id end as post_id, d.until_date,
            d.person_id in (select person_id from planning.transfer_locks where kind in ('approved', 'in_process')) as is_counted
        from dated as d
        cross join planning.publication as t
        left join planning.transfer_people as h on d.person_id = h.person_id
        where case d.kind
            when 'refused' then d.until_date >= t.as_of
            when 'objection' then true
            else coalesce(h.post_id = d.from_post_id, d.until_date is null or d.until_date > t.as_of)
        end
            and not exists (
                from planning.transfer_locks as known
                where known.person_id = d.person_id and known.kind = d.kind
                    and (d.kind <> 'refused' or (known.post_id = d.to_post_id and known.until_date >= d.until_date))
            )
        """
    )
