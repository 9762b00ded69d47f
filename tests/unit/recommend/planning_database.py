"""A small planning database with the published columns: fictitious people, planted shortages, wishes and locks."""

from __future__ import annotations

from pathlib import Path

import duckdb

from mutasi.settings import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
AS_OF = "2026-11-22"


def make_planning(file: Path, people: int = 240, posts: int = 60, agencies: int = 2, seed: int = 0) -> Path:
    """Write a planning database: posts of four jobs in units of five, one post in three short, one in three with too many."""
    with duckdb.connect(str(file)) as con:
        con.execute("create schema planning; use planning")
        con.execute(
            f"create table publication as select 'run-{seed}' as run_id, date '{AS_OF}' as as_of, timestamp '{AS_OF}' as published_at"
        )
        for seed_table in ("transfer_rules", "transfer_policy", "education_match", "route_documents"):
            con.execute(
                f"create table {seed_table} as select * from read_csv('{SEEDS / seed_table}.csv', header = true, types = {{{_types(seed_table)}}})"
            )
        con.execute(POSTS, {"posts": posts, "agencies": agencies, "seed": seed})
        con.execute(PEOPLE, {"people": people, "posts": posts, "seed": seed})
        con.execute(REST)
        for table, column in (("transfer_posts", "staff_definitive"), ("transfer_posts", "staff_present_fte")):
            con.execute(
                f"update {table} as t set {column} = (select count(*) from transfer_people as p where p.post_id = t.post_id)"
            )
        con.execute(SEATS)
    return file


def _types(table: str) -> str:
    dates = "'valid_from': 'DATE', 'valid_to': 'DATE'"
    return {
        "transfer_policy": dates + ", 'value': 'VARCHAR', 'agency_id': 'VARCHAR'",
        "education_match": dates + ", 'points': 'BIGINT'",
    }.get(table, dates)


POSTS = """
create table transfer_posts as
with numbered as (
    select n, n % $agencies as agency, n // 5 as unit, (hash(n, $seed) % 1000000007)::bigint as h
    from range($posts) as t(n)
)
select
    'kota-' || agency || '|unit-' || unit || '|jabatan-' || n as post_id,
    'kota-' || agency as agency_id,
    'unit-' || unit as unit_id,
    'jabatan-' || n as position_id,
    'Unit ' || unit as unit_name,
    'job-' || (n // $agencies % 4) as job_id,
    'Jabatan ' || (n // $agencies % 4) as job_name,
    case when n // $agencies % 4 < 2 then 'jf' else 'pelaksana' end as job_kind,
    case when n // $agencies % 4 < 2 then 'ahli_pertama' end as job_level,
    case when n // $agencies % 4 = 0 then 'subject-' || (n // 8 % 2) end as sub_job,
    8::bigint as job_class,
    'Administrasi' as job_family,
    '30' as min_education_code,
    '21' as golongan_min,
    '44' as golongan_max,
    'district-' || (unit % 3) as region_code,
    -1.0 + (h % 100) / 500.0 as latitude,
    101.0 + (h // 100 % 100) / 500.0 as longitude,
    (2 + h // 7 % 7)::double as need_fte,
    (2 + h // 7 % 7)::bigint as need_seats,
    0::bigint as staff_definitive,
    0::double as staff_present_fte,
    0::bigint as people_coming,
    0::bigint as people_leaving,
    0::bigint as open_seats,
    0::bigint as releasable,
    h // 11 % 6 = 0 as is_critical,
    2026::bigint as abk_year,
    null::varchar as unit_route_code,
    'balanced' as state,
    null::varchar as state_reason
from numbered
"""

PEOPLE = """
create table transfer_people as
with numbered as (
    select n, (hash(n, $seed, 1) % 1000000007)::bigint as h, (sqrt(hash(n, $seed, 2) % 10000) / 100 * $posts)::bigint % $posts as at_post
    from range($people) as t(n)
),

placed as (
    select numbered.*, posts.*
    from numbered
    inner join (select *, row_number() over (order by post_id) - 1 as post_n from transfer_posts) as posts on at_post = post_n
)

select
    'P' || left(md5(n::varchar || 'fictitious'), 20) as person_id,
    agency_id,
    post_id,
    case when h % 10 < 7 then 'ELIGIBLE' when h % 10 < 9 then 'REVIEW' else 'NOT_ELIGIBLE' end as outcome,
    case when h % 10 = 9 then ' R1 ' else '' end as failed_rules,
    case when h % 10 in (7, 8) then ' R3 ' else '' end as review_rules,
    ' R2 ' as passed_rules,
    ' R4 ' as unchecked_rules,
    'pns' as employment_status,
    job_id,
    job_kind,
    job_level,
    job_class,
    job_family,
    case when h // 13 % 12 > 0 then sub_job end as proved_sub_job,
    (array['22', '31', '32', '33'])[1 + h // 17 % 4] as golongan_code,
    (array['30', '40', '45'])[1 + h // 19 % 3] as education_level_code,
    (array['Administrasi Publik', 'Hukum', null])[1 + h // 23 % 3] as education_field,
    'district-' || (h // 29 % 3) as home_district_code,
    (h // 31 % 120)::bigint as months_in_post,
    h // 31 % 120 > 60 as is_due,
    60 + (h // 37 % 40)::double as performance_points,
    case when h // 41 % 3 > 0 then (1 + h // 43 % 9)::bigint end as potential_box,
    h // 47 % 20 = 0 as has_verified_ground,
    false as accepts_inter_agency,
    null::varchar as moves_with_person_id,
    null::double as credit_score,
    case job_kind when 'jf' then ' SKP2 SKPKT ' else ' SKP2 SKPKT PROFESI ' end as proved_documents
from placed
"""

REST = """
create table transfer_eligibility as
select agency_id, person_id, 'R1' as rule_code, 'NOT_ELIGIBLE' as outcome, '8 bulan' as evidence, '24 bulan' as limit_value,
    false as is_missing, true as is_gate
from transfer_people where outcome = 'NOT_ELIGIBLE'
union all
select agency_id, person_id, 'R3', 'REVIEW', null, 'Baik', true, true from transfer_people where outcome = 'REVIEW';
create table transfer_wishes as
select people.person_id, 1::bigint as wish_rank, 'post' as wish_kind, posts.post_id as wish_value,
    case when people.has_verified_ground then 'family' end as ground
from transfer_people as people
inner join lateral (
    select p.post_id from transfer_posts as p
    where p.agency_id = people.agency_id and p.job_id = people.job_id and p.post_id <> people.post_id
    order by md5(p.post_id || people.person_id) limit 1
) as posts on true
where hash(people.person_id, 3) % 4 = 0;
create table job_experience as
select person_id, job_family, months_in_post as months, (hash(person_id, 4) % 200)::bigint as training_hours from transfer_people;
create table transfer_locks as
select person_id, 'objection' as kind, null::varchar as post_id, null::date as until_date, 'objections' as source
from transfer_people where hash(person_id, 5) % 40 = 0;
create table transfer_routes as
select agency_id as origin_agency_id, agency_id as destination_agency_id, 'within_agency' as route_code, false as is_override,
    'all' as job_kinds, 'Tim penilai kinerja' as opinion, null::varchar as through, 'PPK' as decided_by, 'PP 11/2017 Ps 191' as source
from (select distinct agency_id from transfer_posts);
create table pair_rules (
    post_id varchar, rule_code varchar, people_failed bigint, people_passed bigint, people_review bigint, people_failed_alone bigint, people_lawful bigint
)
"""

SEATS = """
update transfer_posts set
    open_seats = greatest(0, need_seats - staff_definitive),
    releasable = greatest(0, staff_definitive - need_seats),
    state = case when staff_definitive < need_seats then 'open' when staff_definitive > need_seats then 'surplus' else 'balanced' end
"""
