"""What surrounds the workload sheets: classes of schools, allowances of hospitals, surveys, service metrics, quotas, leavers.

Schools without a plant give their classes instead of sheets, and nurses of hospitals are analysed by WISN, where the agency
file says that such data come; elsewhere ABK stays. Everything is drawn by hashes of row numbers, so that nights agree.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from mutasi.demo.catalogue import HEALTH, TEACHER
from mutasi.demo.workload import EFFECTIVE_MINUTES
from mutasi.engine import quoted
from mutasi.sources.agency import Agency

CATEGORY_PCT = 20
INDIVIDUAL_HOURS = 125
CLASS_TEACHER = "Guru Kelas"
MONTHS = 12


def build_services(con: duckdb.DuckDBPyConnection, agency: Agency, base: dt.date, seed: int) -> None:
    """`teaching_loads`, `work_time_parameters`, `unit_surveys`, `service_metrics`, `quotas`, `planned_leavers`, and the sheets
    that change with them; needs the tables of `build_structure`, `build_staff` and `build_workload`.
    """
    _teaching_loads(con, base, gives_classes="teaching_loads" in agency.datasets)
    _allowances(con, base, analyses_by_wisn="activity_class" in agency.datasets["workloads"].columns)
    if "needed_from" in agency.datasets["workloads"].columns:
        _drives(con, base)
    _surveys(con, base, seed)
    _metrics(con, base, seed)
    _quotas(con, base, seed)
    _leavers(con, base, seed)
    for name in ("quotas", "teaching_loads"):
        if name not in agency.datasets:
            con.execute(f"delete from {name}")


def _teaching_loads(con: duckdb.DuckDBPyConnection, base: dt.date, *, gives_classes: bool) -> None:
    """Classes near what the posts of a subject need; the sheets of these posts go."""
    con.execute(f"""
        create or replace table taught as
        select k.i, k.unit_id, k.position_id, r.sub_job, k.unit, r.need
        from k_posts k join r_posts r on r.i = k.i join r_units u on u.i = k.unit join r_jobs j on j.i = k.job
        where {gives_classes} and j.family = {quoted(TEACHER)} and r.sub_job is not null and u.kind like 'school%'
            and k.unit not in (select unit from k_posts where plant <> '' or unit_plant <> '')""")
    con.execute("delete from workloads where (unit_id, position_id) in (select (unit_id, position_id) from taught)")
    year = base.year if base.month >= 7 else base.year - 1
    con.execute(f"""
        create or replace table teaching_loads as
        with subjects as (
            select unit, unit_id, sub_job, sum(need) as need,
                case sub_job when 'Bahasa Indonesia' then 6 when 'Matematika' then 5 when 'IPA' then 5 when 'PJOK' then 3
                    when 'Pendidikan Agama' then 3 else 4 end as hours
            from taught group by all),
        grades as (
            select unit, unit_id, sub_job, g as grade, hours,
                case when sub_job = {quoted(CLASS_TEACHER)} then greatest(1, round(need / 3)) else greatest(1, round(need * 24 / hours / 3)) end
                    as classes
            from subjects cross join (values (1), (2), (3)) as every(g))
        select row_number() over (order by unit, sub_job, grade) - 1 as _i, unit_id,
            case when sub_job = {quoted(CLASS_TEACHER)} then 'class' else 'subject' end as teacher_kind, sub_job,
            grade::varchar as grade, {year}::bigint as school_year, classes::bigint as class_count,
            case when sub_job <> {quoted(CLASS_TEACHER)} then hours::double end as hours_per_week
        from grades order by _i""")


def _allowances(con: duckdb.DuckDBPyConnection, base: dt.date, *, analyses_by_wisn: bool) -> None:
    """Nurses and midwives of hospitals by WISN with both kinds of allowance."""
    hours = EFFECTIVE_MINUTES / 60
    con.execute(f"""
        create or replace table work_time_parameters as
        select * from (values
            (0::bigint, null::varchar, 'health_centre', {base.year - 3}::bigint, 312.0, 12.0, 19.0, 12.0, 5.0, 0.0, 4.375, null::double),
            (1, {quoted(HEALTH)}, 'hospital', {base.year - 3}, 260.0, 12.0, 19.0, 12.0, 5.0, 0.0, 5.25, {hours}))
            as p (_i, cadre, unit_type, year, working_days, annual_leave_days, public_holiday_days, sick_days, training_days,
                other_absence_days, hours_per_day, available_hours)""")
    if not analyses_by_wisn:
        return
    con.execute(f"""
        create or replace table by_wisn as
        select k.unit_id, k.position_id from k_posts k join r_units u on u.i = k.unit join r_jobs j on j.i = k.job
        where u.kind = 'hospital' and j.family = {quoted(HEALTH)} and (j.name like 'Perawat%' or j.name like 'Bidan%')""")
    con.execute(
        "update workloads set method = 'wisn' where (unit_id, position_id) in (select (unit_id, position_id) from by_wisn)"
    )
    con.execute(f"""
        insert into workloads
        with sheets as (
            select min(w._i) as first, w.unit_id, w.position_id, w.year, w.status
            from workloads w where w.method = 'wisn' group by all),
        allowances as (
            select * from (values (1, '90', 'Rapat dan serah terima', 'category', {CATEGORY_PCT}.0, null::double),
                (2, '91', 'Membimbing mahasiswa praktik', 'individual', null, {INDIVIDUAL_HOURS}.0)) as a (n, task_id, task_name, class, pct, hours))
        select (s.first << 2) + a.n + (1::bigint << 40), s.unit_id, s.position_id, s.year, a.task_id, a.task_name, null, null, null, s.status,
            'wisn', a.class, a.pct, a.hours, null, null
        from sheets s cross join allowances a""")


def _drives(con: duckdb.DuckDBPyConnection, base: dt.date) -> None:
    """A vaccination drive at health centres: work for a time, beside the sheet of last year."""
    con.execute(f"""
        insert into workloads
        select k.i + (1::bigint << 41), k.unit_id, k.position_id, {base.year - 1}, '95', 'Pekan imunisasi', 2500.0, 'year', 30.0, 'final', 'abk',
            'service', null, null, date '{base.year}-09-01', date '{base.year + 1}-02-28'
        from k_posts k join r_units u on u.i = k.unit join r_jobs j on j.i = k.job
        semi join (select unit_id, position_id from workloads where status = 'final' and year = {base.year - 1}) w
            on w.unit_id = k.unit_id and w.position_id = k.position_id
        where u.kind = 'health_centre' and j.name = 'Perawat Terampil' and k.plant = '' and k.unit_plant = ''""")


def _surveys(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """A third of the units; planted ones say what they suffer, but one in nine says the opposite."""
    con.execute(f"""
        create or replace table unit_surveys as
        with answers as (
            select u.i, k.unit_id, hash(u.i, {seed}, 11) % 9 = 0 as is_contrary, 3 + hash(u.i, {seed}, 12) % 40 as respondents,
                coalesce(p.unit_plant, '') as plant, (hash(u.i, {seed}, 13) % 80)::double / 100 as noise
            from r_units u join k_units k on k.i = u.i left join (select distinct unit, unit_plant from k_posts) p on p.unit = u.i
            where hash(u.i, {seed}, 10) % 3 = 0)
        select i as _i, unit_id, date '{base.year}-06-30' - case when date '{base.year}-06-30' > date '{base}' then 365 else 0 end as surveyed_on,
            respondents::bigint as respondents,
            round(case when (plant = 'overloaded') <> is_contrary then 4.0 when plant = 'idle' then 1.6 else 2.6 end + noise, 2)
                as perceived_load
        from answers order by i""")


def _metrics(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """Twelve closed months of one metric per kind of unit, with a slow trend."""
    con.execute(f"""
        create or replace table service_metrics as
        with kinds as (
            select * from (values
                ('health_centre', 'TUNGGU', 'Waktu tunggu pasien', 45.0, 'lower_is_better', 'menit'),
                ('hospital', 'TUNGGU', 'Waktu tunggu pasien', 70.0, 'lower_is_better', 'menit'),
                ('village', 'TEPAT', 'Permohonan selesai tepat waktu', 82.0, 'higher_is_better', 'persen'),
                ('school_junior', 'HADIR', 'Jam pelajaran terisi guru', 90.0, 'higher_is_better', 'persen'))
                as m (kind, metric_code, metric_name, level, direction, unit_of_measure))
        select u.i * {MONTHS} + b.n as _i, k.unit_id, m.metric_code, m.metric_name,
            (date_trunc('month', date '{base}') - to_months((b.n + 1)::integer))::date as month,
            round(m.level + (hash(u.i, {seed}, 21) % 200)::double / 10 - 10 - b.n * (hash(u.i, {seed}, 22) % 5)::double / 10
                + (hash(u.i, b.n, {seed}) % 30)::double / 10, 1) as metric_value,
            m.direction, m.unit_of_measure
        from r_units u join k_units k on k.i = u.i join kinds m on m.kind = u.kind cross join range({MONTHS}) as b(n) order by _i""")


def _quotas(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """Seats of this year's and next year's recruitment for some posts without a plant."""
    con.execute(f"""
        create or replace table quotas as
        select k.i * 2 + y.n as _i, k.unit_id, k.position_id, ({base.year} + y.n)::bigint as year,
            case when hash(k.i, {seed}, 31) % 2 = 0 then 'cpns' else 'pppk' end as recruitment,
            case when y.n = 1 then 'proposed' when hash(k.i, {seed}, 32) % 3 = 0 then 'approved' else 'in_recruitment' end as status,
            1::bigint as seats
        from k_posts k join r_jobs j on j.i = k.job cross join (values (0), (1)) as y(n)
        where k.plant = '' and k.unit_plant = '' and j.kind in ('jf', 'pelaksana') and hash(k.i, {seed}, 30 + y.n) % 100 < 5 order by _i""")


def _leavers(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """Four people in a thousand leave on a known day."""
    con.execute(f"""
        create or replace table planned_leavers as
        select i as _i, nip::varchar as nip, date '{base}' + 30 + (hash(number, {seed}, 42) % 600)::integer as leaves_on,
            ['mpp', 'early_retirement', 'resignation', 'transfer_out', 'other'][1 + (hash(number, {seed}, 43) % 5)::integer] as leave_reason
        from r_people where shown and post >= 0 and hash(number, {seed}, 41) % 250 = 0 order by i""")
