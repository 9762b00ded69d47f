"""Turns the drawn arrays into the canonical datasets as typed DuckDB tables, and states their truth in SQL.

Each table has the canonical columns in order and `_i`, a number that identifies the row in every night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from mutasi.demo.careers import Assignments
from mutasi.demo.catalogue import JOBS
from mutasi.demo.places import Place
from mutasi.demo.population import People
from mutasi.demo.posts import Posts
from mutasi.demo.structure import Units
from mutasi.demo.workload import Sheets
from mutasi.engine import quoted
from mutasi.sources.datasets import datasets


def register(con: duckdb.DuckDBPyConnection, place: Place, units: Units, posts: Posts, people: People, shown: Any) -> None:
    """Make the drawn arrays known to DuckDB as `r_units`, `r_jobs`, `r_posts` and `r_people`."""
    points = np.array(units.point)
    rows = np.arange(len(units.name))
    jitter = (rows * 7919 % 1000) / 20_000 - 0.025
    _arrow(
        con, "r_units",
        {"i": rows, "name": units.name, "kind": units.kind, "parent": np.array(units.parent), "region": units.region,
         "latitude": np.round(points[:, 0] + jitter, 6), "longitude": np.round(points[:, 1] - jitter, 6)},
    )  # fmt: skip
    _arrow(con, "r_jobs", {"i": np.arange(len(JOBS)), **_job_columns()})
    _arrow(
        con, "r_posts",
        {"i": np.arange(len(posts)), "unit": posts.unit, "job": posts.job, "sub_job": posts.sub_job,
         "need": posts.need, "establishment": posts.establishment, "is_critical": posts.is_critical, "plant": posts.plant,
         "unit_plant": posts.unit_plant[posts.unit]},
    )  # fmt: skip
    _arrow(
        con, "r_people",
        {"i": np.arange(len(people)), "shown": shown, **{name: getattr(people, name) for name in (
            "post", "nip", "name", "birth", "is_female", "status", "legal", "golongan", "golongan_since", "tmt", "tmt_pns",
            "education", "field", "certified", "home", "title_back", "number")}},
    )  # fmt: skip
    style = "upper(md5({salt} || i))" if place.has_hex_ids else "{code} || lpad((i + 1)::varchar, 6, '0')"
    unit_id = style.format(salt=quoted(place.agency_id), code=quoted(place.bkn_code))
    con.execute(f"create or replace table k_units as select i, {unit_id} as unit_id from r_units")
    con.execute("""
        create or replace table k_posts as
        select p.i, u.unit_id, 'P' || lpad((p.i + 1)::varchar, 6, '0') as position_id, p.job, p.plant, p.unit_plant, p.unit
        from r_posts p join k_units u on u.i = p.unit""")


def _job_columns() -> dict[str, Any]:
    columns = {
        name: [getattr(job, name) for job in JOBS]
        for name in ("job_id", "name", "kind", "level", "bup_age", "family", "job_class")
    }
    lows, highs = [job.golongan[0] for job in JOBS], [job.golongan[1] for job in JOBS]
    return columns | {"golongan_min": lows, "golongan_max": highs, "education": [min(job.education) for job in JOBS]}


def _arrow(con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Any]) -> None:
    """Copy arrays into a DuckDB table; NaN and NaT become NULL."""
    table = pa.table({key: pa.array(value, from_pandas=True) for key, value in columns.items()})
    con.register("arriving", table)
    con.execute(f"create or replace table {name} as select * from arriving")
    con.unregister("arriving")


def build_structure(con: duckdb.DuckDBPyConnection, base: dt.date) -> None:
    """`units`, `jobs` and `positions`."""
    founded = quoted(f"{base.year - 5}-01-04")
    con.execute(f"""
        create or replace table units as
        select r.i as _i, k.unit_id, p.unit_id as parent_unit_id, r.name as unit_name, r.kind as unit_type,
            r.region as region_code, 'kemendagri' as region_code_system, r.latitude, r.longitude, true as is_active,
            {founded}::date as valid_from, null::date as valid_to
        from r_units r join k_units k on k.i = r.i left join k_units p on p.i = r.parent order by r.i""")
    con.execute("""
        create or replace table jobs as
        select i as _i, job_id, name as job_name, kind as job_kind, level as job_level, bup_age::bigint as bup_age,
            family as job_family
        from r_jobs order by i""")
    con.execute(f"""
        create or replace table positions as
        select r.i as _i, k.unit_id, k.position_id, j.job_id, j.name as job_name, j.kind as job_kind, j.level as job_level, r.sub_job,
            j.job_class::bigint as job_class, j.family as job_family, j.education as min_education_code, j.golongan_min,
            j.golongan_max, j.bup_age::bigint as bup_age, r.establishment as establishment_approved, r.is_critical,
            case when r.is_critical then 'KEP-' || (r.i + 1) || '/{base.year}' end as critical_decree
        from r_posts r join k_posts k on k.i = r.i join r_jobs j on j.i = r.job order by r.i""")


def build_staff(con: duckdb.DuckDBPyConnection, place: Place, assignments: Assignments) -> None:
    """`employees` and `assignments`."""
    con.execute("""
        create or replace table employees as
        select i as _i, nip::varchar as nip, name as employee_name, birth::date as birth_date,
            case when is_female = 1 then 'F' else 'M' end as sex, status as employment_status, legal as legal_status_code,
            case when status like 'PPPK%' then '71' else '01' end as employee_type_code, golongan as golongan_code,
            golongan_since::date as golongan_since, tmt::date as tmt_cpns,
            tmt_pns::date as tmt_pns, education as education_level_code,
            field as education_field, certified as certified_sub_job, home as home_district_code,
            '99' || lpad(number::varchar, 14, '0') as nik, '0000' || lpad(number::varchar, 8, '0') as phone,
            case when number % 40 <> 7 then 'pegawai' || number || '@example.invalid' end as email,
            case when field = 'Kedokteran' then 'dr.' end as title_front, title_back
        from r_people where shown order by i""")
    _arrow(
        con, "r_assignments",
        {"i": assignments.number, "person": assignments.person, "post": assignments.post, "kind": assignments.kind,
         "valid_from": assignments.valid_from, "valid_to": assignments.valid_to, "fte": assignments.fte,
         "is_elsewhere": assignments.is_elsewhere},
    )  # fmt: skip
    own = quoted(place.bkn_code)
    con.execute(f"""
        create or replace table assignments as
        select a.i as _i, p.nip::varchar as nip, k.unit_id, k.position_id, a.kind as assignment_type,
            a.valid_from::date as valid_from, a.valid_to::date as valid_to, a.fte, {own} as home_agency_code,
            case when a.is_elsewhere then '4011' else {own} end as work_agency_code,
            'SK.' || (p.number + 1) || '/' || year(a.valid_from::date) as decree_number
        from r_assignments a join r_people p on p.i = a.person join k_posts k on k.i = a.post order by a.i""")


def build_reviews(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """`performance_reviews` of the two years before `base`, every predicate as the nine-cell matrix says."""
    con.execute(f"""
        create or replace table performance_reviews as
        with drawn as (
            select p.i * 2 + y.o as _i, p.nip::varchar as nip, {base.year} - 1 - y.o as year,
                hash(p.number, y.o, {seed}, 1) % 1000 as r, hash(p.number, y.o, {seed}, 2) % 1000 as b
            from r_people p cross join (values (0), (1)) y(o)
            where p.shown and year(p.tmt::date) < {base.year} - 1 - y.o),
        coded as (
            select *, case when r < 140 then '1' when r < 965 then '2' else '3' end as work_result_code,
                case when b < 150 then '1' when b < 975 then '2' else '3' end as behaviour_code from drawn)
        select _i, nip, year::bigint as year, work_result_code, behaviour_code,
            case work_result_code || behaviour_code when '11' then '1' when '12' then '2' when '13' then '4' when '21' then '2'
                when '22' then '2' when '23' then '4' when '31' then '3' when '32' then '3' else '5' end as predicate_code,
            null::double as score
        from coded order by _i""")


def build_workload(con: duckdb.DuckDBPyConnection, sheets: Sheets, seed: int) -> None:
    """`workloads`, `non_asn_counts` and `job_requirements`."""
    _arrow(
        con, "r_sheets",
        {"i": np.arange(len(sheets.post)), "post": sheets.post, "year": sheets.year, "task": sheets.task, "name": sheets.task_name,
         "quarters": sheets.quarters, "period": sheets.period, "minutes": sheets.minutes, "status": sheets.is_final},
    )  # fmt: skip
    con.execute("""
        create or replace table workloads as
        select s.i as _i, k.unit_id, k.position_id, s.year, lpad(s.task::varchar, 2, '0') as task_id, s.name as task_name,
            s.quarters / 4.0::double as volume, s.period as volume_period, s.minutes::double as minutes_per_unit, s.status,
            'abk' as method, 'service' as activity_class, null::double as allowance_pct, null::double as allowance_hours,
            null::date as needed_from, null::date as needed_to
        from r_sheets s join k_posts k on k.i = s.post order by s.i""")
    con.execute(f"""
        create or replace table non_asn_counts as
        select k.i as _i, k.unit_id, k.position_id,
            case u.kind when 'health_centre' then 'blud' when 'hospital' then 'blud' when 'village' then 'outsourced' else 'honorer' end
                as category,
            (1 + hash(k.i, {seed}, 4) % 4)::bigint as headcount
        from k_posts k join r_units u on u.i = k.unit join r_jobs j on j.i = k.job
        where j.kind in ('jf', 'pelaksana') and hash(k.i, {seed}, 3) % 100 < 12
            and u.kind in ('health_centre', 'hospital', 'village', 'school_primary', 'school_junior', 'section') order by k.i""")
    con.execute("""
        create or replace table job_requirements as
        select row_number() over (order by job_id, sub_job) - 1 as _i, job_id, job_name,
            case when sub_job is not null then 'S' || substr(md5(sub_job), 1, 6) end as sub_job_id, sub_job as sub_job_name,
            sum(establishment_approved)::bigint as required_count
        from positions where job_kind = 'jf' group by job_id, job_name, sub_job order by job_id, sub_job""")


def truth_plants(con: duckdb.DuckDBPyConnection, agency_id: str) -> pa.Table:
    """Planted units (position empty) and planted posts."""
    return con.sql(f"""
        select {quoted(agency_id)} as agency_id, unit_plant as plant, unit_id, null::varchar as position_id
        from k_posts where unit_plant <> '' group by all
        union all select {quoted(agency_id)}, plant, unit_id, position_id from k_posts where plant <> '' order by all""").to_arrow_table()


def canonical_columns(dataset: str) -> list[str]:
    """The canonical column names of a dataset in order."""
    return list(datasets()[dataset].columns)


def drop_rest(con: duckdb.DuckDBPyConnection) -> None:
    """Free the drawn arrays once the canonical tables stand."""
    for name in ("r_people", "r_assignments", "r_sheets", "r_posts", "r_units"):
        con.execute(f"drop table if exists {name}")
