"""What the marts must find per post on a day, worked out in SQL of its own, not the warehouse's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import duckdb
import pyarrow as pa

from mutasi.demo.services import CATEGORY_PCT, INDIVIDUAL_HOURS
from mutasi.demo.workload import EFFECTIVE_MINUTES
from mutasi.engine import quoted

PRESENT_STATUSES = ("01", "15", "71", "72", "73")
# Juknis Peraturan Bersama 2011: below one up, to 1.66 down, 1.67 to 1.99 up, from two down
TEACHERS = "case when n < 1 then ceil(n) when n >= 1.67 and n < 2 then 2 else floor(n) end"


def truth_positions(con: duckdb.DuckDBPyConnection, agency_id: str, day: dt.date, sent: Collection[str]) -> pa.Table:
    """One row per post (columns: see the package's docstring); needs the canonical tables of `build_*`.

    Moves under way and approved ones take a seat, where their datasets are among those that the agency has `sent`.
    """
    present = ", ".join(quoted(code) for code in PRESENT_STATUSES)
    on = quoted(day.isoformat())
    # Quarter minutes are whole numbers, and so are 4/5 of a factor of 5/4: halves are halves in any engine.
    factor, individual = f"(1 / (1 - {CATEGORY_PCT} / 100.0))", f"{INDIVIDUAL_HOURS} * 60.0 / {EFFECTIVE_MINUTES}"
    moves = {
        "moves_in_process": "to_agency_code is null and move_status in ('proposed', 'technical_opinion', 'decree')",
        "transfer_decisions": f"decision = 'approved' and effective_from > {on}",
    }
    moving = " ".join(
        f"union select to_unit_id, to_position_id, nip, 1 from {name} where to_position_id is not null and {condition}"
        for name, condition in moves.items()
        if name in sent
    )
    return con.sql(f"""
        with final as (
            select unit_id, position_id, year, max(method) as method,
                sum((volume * 4)::bigint * minutes_per_unit::bigint
                    * case volume_period when 'year' then 1 when 'month' then 12 when 'week' then 50 else 250 end) as quarter_minutes
            from workloads where status = 'final' and activity_class = 'service' and needed_from is null
            group by unit_id, position_id, year
            qualify row_number() over (partition by unit_id, position_id order by year desc) = 1),
        staff as (
            select a.unit_id, a.position_id,
                count(distinct a.nip) filter (where a.assignment_type = 'D') as holders,
                sum(case when a.assignment_type = 'D' and e.legal_status_code in ({present}) then coalesce(a.fte, 1) else 0 end) as present,
                count(distinct a.nip) filter (where a.assignment_type in ('PLT', 'PLH')) as acting
            from assignments a join employees e using (nip)
            where a.valid_from <= {on} and (a.valid_to is null or a.valid_to >= {on}) group by all),
        subjects as (
            select unit_id, sub_job, max(school_year) as school_year,
                sum(case teacher_kind when 'class' then class_count else class_count * hours_per_week / 24 end) as n
            from teaching_loads group by all),
        sought as (
            select p.unit_id, p.position_id, t.n, t.school_year, {TEACHERS} as k, coalesce(s.holders, 0) as own,
                coalesce(sum(s.holders) over (partition by p.unit_id, p.sub_job order by p.job_id desc, p.position_id desc
                    rows between unbounded preceding and 1 preceding), 0) as above,
                row_number() over (partition by p.unit_id, p.sub_job order by p.job_id, p.position_id) = 1 as is_lowest
            from positions p join subjects t using (unit_id, sub_job) left join staff s using (unit_id, position_id)),
        teachers as (
            select unit_id, position_id, school_year,
                case when is_lowest then greatest(n - above, 0) else least(greatest(n - above, 0), own) end as need_fte,
                case when is_lowest then greatest(k - above, 0) else least(greatest(k - above, 0), own) end as need_rounded
            from sought),
        coming as (
            select unit_id, position_id, sum(seats) as committed from (
                select unit_id, position_id, recruitment || year, seats from quotas where status = 'in_recruitment' {moving}) group by all),
        needs as (
            select unit_id, position_id, method, year,
                case method when 'wisn' then quarter_minutes / 4.0 / {EFFECTIVE_MINUTES} * {factor} + {individual}
                    else quarter_minutes / 4.0::double / {EFFECTIVE_MINUTES} end as need_fte,
                case method when 'wisn' then floor(round(quarter_minutes / 4.0 / {EFFECTIVE_MINUTES} * {factor} + {individual}, 6) + 0.5)
                    else (quarter_minutes * 2 + 4 * {EFFECTIVE_MINUTES}) // (8 * {EFFECTIVE_MINUTES}) end as need_rounded
            from final where (unit_id, position_id) not in (select (unit_id, position_id) from teachers)
            union all select unit_id, position_id, 'guru', school_year, need_fte, need_rounded from teachers)
        select {quoted(agency_id)} as agency_id, p.unit_id, p.position_id, f.method, f.year as abk_year,
            f.need_fte::double as need_fte, f.year is not null as has_final_abk,
            p.establishment_approved, coalesce(s.holders, 0) as holders_definitive, coalesce(s.present, 0)::double as staff_present_fte,
            coalesce(s.acting, 0) as acting_holders, coalesce(c.committed, 0)::bigint as committed_seats, p.is_critical,
            case when f.year is not null then greatest(0, least(f.need_rounded, p.establishment_approved)
                - coalesce(s.holders, 0) - coalesce(c.committed, 0))::bigint end as open_seats
        from positions p left join needs f using (unit_id, position_id) left join staff s using (unit_id, position_id)
            left join coming c using (unit_id, position_id)
        order by p._i""").to_arrow_table()
