"""A run folder and the databases beside it as the optimiser and the night would leave them; everybody in it is invented.

Three agencies: `dumai` and `pekanbaru` move people inside and exchange one, `jakarta` is short everywhere.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb

from mutasi.publish.transfer_columns import INPUTS
from mutasi.publish.transfer_run import WEEK_FILE
from mutasi.settings import Settings

WEEK, RUN_ID, DAY = "2026-W47", "0123456789ab", dt.date(2026, 11, 15)
NAMES = {"dumai": "Pemerintah Kota Dumai", "pekanbaru": "Pemerintah Kota Pekanbaru", "jakarta": "Pemerintah Provinsi DKI Jakarta"}

TABLES = """
create table posts as
select
    a.agency_id || '|U' || u || '|J' || j as post_id, a.agency_id, 'U' || u as unit_id, 'J' || j as position_id,
    case when u <= 6 then 'Puskesmas Rekaan ' || u else 'SD Negeri Rekaan ' || u end as unit_name,
    'job-' || j as job_id, ['Perawat Ahli Pertama', 'Guru Ahli Pertama', 'Pengadministrasi Perkantoran'][j] as job_name,
    ['jf', 'jf', 'pelaksana'][j] as job_kind, ['pertama', 'pertama', null][j] as job_level,
    case when j = 2 then ['Matematika', 'IPA'][1 + u % 2] end as sub_job, [8, 8, 5][j] as job_class, ['Kesehatan', 'Pendidikan', 'Administrasi'][j] as job_family,
    (3 + u % 3)::double as need_fte, (3 + u % 3)::bigint as need_seats,
    case when a.agency_id = 'jakarta' then 2 when u % 4 = 0 then 7 when u % 4 = 1 then 2 else 3 + u % 3 end::bigint as staff_definitive,
    case when a.agency_id = 'jakarta' then 2 when u % 4 = 0 then 7 when u % 4 = 1 then 2 else 3 + u % 3 end::double as staff_present_fte,
    u % 5 = 0 and j = 1 as is_critical, 2026::bigint as abk_year
from (values ('dumai'), ('pekanbaru'), ('jakarta')) as a(agency_id), range(1, 13) as us(u), range(1, 4) as js(j);
create table transfer_posts as
select *, greatest(need_seats - staff_definitive, 0) as open_seats, case when need_seats is null then 0 else greatest(staff_definitive - need_seats, 0) end as releasable,
    case when staff_definitive < need_seats then 'open' when staff_definitive > need_seats then 'surplus' else 'balanced' end as state, null::varchar as state_reason, null::varchar as unit_route_code
from posts;
create table transfer_people as
select
    'P' || substr(sha256(post_id || n), 1, 20) as person_id, agency_id, post_id,
    case when n % 7 = 3 then 'REVIEW' when n % 7 = 5 then 'NOT_ELIGIBLE' else 'ELIGIBLE' end as outcome,
    case when n % 7 = 5 then ' R1 ' else '' end as failed_rules, case when n % 7 = 3 then ' R3 ' else '' end as review_rules,
    ' R4 R5 ' as unchecked_rules, 'PNS' as employment_status, job_id, job_kind, job_level, job_class, job_family, sub_job as proved_sub_job, '31' as golongan_code,
    '40' as education_level_code, job_family as education_field, '14.72.01' as home_district_code, (20 + 13 * n)::bigint as months_in_post, n > 3 as is_due,
    83::bigint as performance_points, '2' as predicate_last_year, '1' as predicate_year_before, (1 + n % 9)::bigint as potential_box, n = 2 as has_verified_ground,
    false as accepts_inter_agency, n
from transfer_posts, range(1, staff_definitive + 1) as ns(n);
create table transfer_wishes as
select person_id, 1::bigint as wish_rank, 'district' as wish_kind, '14.72.02' as wish_value, 'health' as ground from transfer_people where n = 2;
create table transfer_rules as
select * from (values ('R1', 'Masa dalam jabatan paling singkat', 'before_proposal', 'PP 11/2017 Ps 190(3)', date '2017-04-07'),
    ('R3', 'Kinerja dua tahun terakhir paling rendah Baik', 'before_proposal', 'Peraturan BKN 5/2019 Ps 3', date '2019-04-05'),
    ('R4', 'Tidak sedang diperiksa atau menjalani hukuman disiplin', 'before_proposal', 'Peraturan BKN 5/2019 Ps 3', date '2019-04-05'),
    ('R5', 'Tidak sedang tugas belajar atau ikatan dinas', 'before_proposal', 'Peraturan BKN 5/2019 Ps 3', date '2019-04-05'),
    ('D3', 'Mata pelajaran atau spesialisasi terbukti', 'before_proposal', 'PP 11/2017 Ps 190(4)', date '2017-04-07')) as r(rule_code, title, stage, source, valid_from);
alter table transfer_rules add column missing_item varchar default 'SKP dua tahun terakhir';
create table transfer_policy as
select * from (values ('weight_competence', '10', 'points', 'Policy', date '2026-01-01'), ('minimum_fit', '50', 'points', 'Policy', date '2026-01-01'))
    as p(policy_code, value, unit, source, valid_from);
create table transfer_routes as
select o as origin_agency_id, d as destination_agency_id, if(o = d, 'within_agency', 'same_province') as route_code,
    if(o = d, 'Tim Penilai Kinerja PNS', 'Kepala Kantor Regional BKN') as opinion, if(o = d, null, 'Gubernur') as through, if(o = d, 'PPK', 'Gubernur') as decided_by,
    'PP 11/2017' as source, false as is_override, 'all' as job_kinds
from (values ('dumai'), ('pekanbaru'), ('jakarta')) as a(o), (values ('dumai'), ('pekanbaru'), ('jakarta')) as b(d);
create table route_documents as
select 'SKP2' as document_code, 'SKP dua tahun terakhir' as title, 'data' as provided_by, 'any' as initiative, 'all' as route_codes
union all select 'TEMUAN', 'Surat bebas temuan Inspektorat', 'origin', 'any', 'all'
union all select 'PPA', 'Persetujuan PPK asal', 'origin', 'any', 'same_province';
create table publication as select 'week' as run_id, date '2026-11-15' as as_of, timestamp '2026-11-15' as published_at;
create table pairs as
with givers as (
    select p.*, h.person_id, row_number() over (partition by p.agency_id, p.job_id, p.sub_job order by p.post_id, h.person_id) as place
    from transfer_posts as p join transfer_people as h using (post_id) where p.state = 'surplus' and h.n > p.need_seats and h.outcome = 'ELIGIBLE'
),
takers as (
    select p.*, row_number() over (partition by p.agency_id, p.job_id, p.sub_job order by p.post_id, s) as place
    from transfer_posts as p, range(p.open_seats) as ss(s) where p.state = 'open'
)
select g.person_id, g.post_id as from_post_id, t.post_id as to_post_id, g.agency_id as agency_from, t.agency_id as agency_to, t.is_critical,
    g.need_fte as origin_need, g.staff_definitive as origin_staff, t.need_fte as dest_need, t.staff_definitive as dest_staff
from givers as g join takers as t on g.agency_id = t.agency_id and g.job_id = t.job_id and g.sub_job is not distinct from t.sub_job and g.place = t.place;
create table inter as  -- one nurse of Pekanbaru whom Dumai asks for
select h.person_id, h.post_id as from_post_id, t.post_id as to_post_id, 'pekanbaru' as agency_from, 'dumai' as agency_to, false as is_critical,
    o.need_fte as origin_need, o.staff_definitive as origin_staff, t.need_fte as dest_need, t.staff_definitive as dest_staff
from transfer_people as h join transfer_posts as o using (post_id), transfer_posts as t
where h.post_id = 'pekanbaru|U2|J1' and h.n = 1 and t.post_id = 'dumai|U9|J1';
create table candidates as
select
    'K' || substr(sha256(person_id || to_post_id), 1, 12) as candidate_id,
    case when row_number() over (order by person_id) % 3 = 0 then 'cadangan' else 'prioritas' end as part,
    row_number() over (partition by agency_to order by is_critical desc, person_id)::bigint as rank,
    'R' || lpad((dense_rank() over (order by agency_to) * 1000 + row_number() over (partition by agency_to order by person_id) // 2)::varchar, 5, '0') as package_id,
    (1 + row_number() over (partition by agency_to order by person_id) % 2)::bigint as step, false as is_swap,
    person_id, agency_from as origin_agency_id, from_post_id as origin_post_id, agency_to as agency_id, to_post_id as post_id, is_critical, 'ELIGIBLE' as outcome,
    '' as review_rules, ' SKP2 ' as proved_documents, true as is_wished, 71::bigint as fit, 18::bigint as education_points, 4::bigint as competence_points,
    12::bigint as experience_points, 16::bigint as performance_points, 7::bigint as potential_points, 5::bigint as preference_points, 6::bigint as distance_points,
    0::bigint as ground_points, 3::bigint as due_points, 1200::bigint as gain_imbalance, 0::double as refusal_critical, 310::double as refusal_imbalance,
    0::double as refusal_fit, 0::double as refusal_effort, true as refusal_is_exact, false as has_equal,
    (select any_value(person_id) from transfer_people as r where r.post_id = p.from_post_id and r.person_id <> p.person_id) as runner_up_person_id
from (from pairs union all by name from inter) as p;
create table with_review as
select * replace ('REVIEW' as outcome, 'R3' as review_rules, h.person_id as person_id, h.post_id as origin_post_id)
from (from candidates where origin_agency_id = 'dumai' limit 1) as c, (select person_id, post_id from transfer_people where outcome = 'REVIEW' and agency_id <> 'jakarta') as h;
create table why_empty as
select post_id, open_seats as empty_seats, 'NO_LAWFUL_PAIR' as reason, 0::bigint as pairs, 'D3' as costliest_rule, 4::bigint as people_lost_to_rule_alone, 5::bigint as people_lost_to_rule
from transfer_posts where open_seats > (select count(*) from candidates where candidates.post_id = transfer_posts.post_id);
create table why_not as
select person_id, outcome, failed_rules, if(outcome = 'ELIGIBLE', 'OTHERS_SUIT_BETTER', 'RULES_FAILED') as reason, null::varchar as nearest_post_id, 12.0::double as missed_imbalance
from transfer_people where person_id not in (select person_id from candidates);
create table frontier as
select * from (values ('Tanpa mutasi', 0::bigint, 0::bigint, 5200.0::double, 9::bigint, false), ('Hanya permohonan', 4, 0, 4700.0, 8, false), ('Rencana ini', 12, 8, 3100.0, 2, true),
    ('Tanpa batas', 20, 15, 2600.0, 2, false)) as f(point, moves, involuntary_moves, imbalance, critical_unfilled, is_published);
create table seats as select 1::bigint as critical, 500::bigint as imbalance from range(10);
create table plan as select person_id, post_id from candidates;
create table employees as
select agency_id, person_id, 'X' || lpad((row_number() over (order by person_id))::varchar, 17, '0') as nip,
    'Rekaan ' || upper(substr(person_id, 2, 5)) || ' ' || agency_id as employee_name, 'ASN-' || upper(substr(sha256(person_id), 1, 6)) as pseudonym, 'III/a' as golongan_name,
    date '2022-04-01' as golongan_since, 'S1' as education_level_name
from transfer_people;
"""


PLACES = {name: f"inputs/{name}" for name in (*INPUTS, "publication")} | {
    "candidates": "tables/candidates", "why_empty": "tables/why_empty", "why_not": "tables/why_not", "frontier": "tables/frontier", "seats": "tables/seats",
    "plan": "tables/plan", "with_review": "with_review/tables/candidates",
}  # fmt: skip


def write_fictitious_run(settings: Settings, **told: object) -> Path:
    """Write planning.duckdb, reporting.duckdb and a finished run; `told` replaces what run.json says. Returns the run's folder."""
    folder = settings.folder("runs", WEEK, RUN_ID)
    with duckdb.connect() as con:
        con.execute(TABLES)
        for name, place in PLACES.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"copy {name} to '{folder / place}.parquet'")
        settings.folder("warehouse")
        _databases(con, settings)
    (folder / "run.json").write_text(json.dumps({**_account(), **told}), encoding="utf-8")
    (folder / WEEK_FILE).write_text(json.dumps({"left_out": {"binjai": "umur data 9 hari, batas 3 hari"}}), encoding="utf-8")
    return folder


def _databases(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    for name, schema in (("planning", "planning"), ("reporting", "marts")):
        (settings.warehouse / f"{name}.duckdb").unlink(missing_ok=True)
        con.execute(f"attach '{settings.warehouse / f'{name}.duckdb'}' as {name}_file; create schema {name}_file.{schema}")
    con.execute("create table planning_file.planning.employees as from employees")
    con.execute(
        "create table reporting_file.marts.dim_unit as select distinct agency_id, unit_id, 'Dinas Rekaan / ' || unit_name as unit_path from transfer_posts"
    )
    con.execute(
        "create table reporting_file.marts.position_workload as select agency_id, unit_id, position_id, 2.0 as temporary_need_fte, "
        "date '2026-12-01' as temporary_from, date '2027-02-28' as temporary_to from transfer_posts where unit_id = 'U3' and position_id = 'J1'"
    )
    con.execute("detach planning_file; detach reporting_file")


def _account() -> dict[str, object]:
    return {
        "week": WEEK, "run_id": RUN_ID, "inputs": "bb" * 8, "method": "1", "is_proved": True, "gap": None, "universe": "all_lawful_pairs",
        "row": {"critical": 2, "imbalance": 3100}, "policy": {"minimum_fit": 50},
    }  # fmt: skip
