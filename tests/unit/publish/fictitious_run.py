"""A run folder and the databases beside it as the optimiser and the night would leave them; everybody in it is invented.

Three agencies: `dumai` and `pekanbaru` move people inside and exchange one, `jakarta` is short everywhere.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb

from mutasi.publish.transfer_columns import INPUTS, OUTPUTS
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
    ('R10', 'PPPK tidak diusulkan pindah', 'before_proposal', 'PermenPANRB 6/2024 Ps 59(5)', date '2024-01-01'),
    ('D3', 'Mata pelajaran atau spesialisasi terbukti', 'before_proposal', 'PP 11/2017 Ps 190(4)', date '2017-04-07')) as r(rule_code, title, stage, source, valid_from);
alter table transfer_rules add column missing_item varchar default 'SKP dua tahun terakhir';
create table transfer_eligibility as
select agency_id, person_id, rule_code, case rule_code when 'R1' then '24' when 'R3' then '2' end as limit_value
from transfer_people, (values ('R1'), ('R3'), ('R4')) as r(rule_code);
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
union all select 'PROFESI', 'STR, SIP, atau sertifikat pendidik', 'data', 'any', 'all'
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
    'M' || substr(sha256(person_id || to_post_id), 1, 12) as candidate_id, 'published' as solve,
    case when row_number() over (order by person_id) % 3 = 0 then 'reserve' else 'priority' end as part,
    row_number() over (partition by agency_to order by is_critical desc, person_id)::bigint as rank,
    person_id, from_post_id, to_post_id, agency_from, agency_to, 'C' || substr(sha256(agency_to || (row_number() over (partition by agency_to order by person_id) // 2)), 1, 6) as chain_id,
    (1 + row_number() over (partition by agency_to order by person_id) % 2)::bigint as chain_order, 'path' as chain_kind, 71::bigint as fit_points,
    18::bigint as fit_education, 4::bigint as fit_competence, 12::bigint as fit_experience, 16::bigint as fit_performance, null::bigint as fit_potential,
    5::bigint as fit_preference, 6::bigint as fit_distance, 0::bigint as fit_ground, 3::bigint as fit_due, 90::bigint as fit_possible,
    4120::bigint as gain, 310::bigint as price_of_refusal,
    (select any_value(person_id) from transfer_people as r where r.post_id = p.from_post_id and r.person_id <> p.person_id) as runner_up_person_id,
    310::bigint as runner_up_price, 0::bigint as ties, 'own_request' as initiative, is_critical as is_critical_post,
    origin_need, origin_staff::double as origin_staff_before, (origin_staff - 1)::double as origin_staff_after, origin_need / origin_staff as origin_pressure_before,
    origin_need / (origin_staff - 1) as origin_pressure_after,
    dest_need, dest_staff::double as dest_staff_before, (dest_staff + 1)::double as dest_staff_after, dest_need / dest_staff as dest_pressure_before,
    dest_need / (dest_staff + 1) as dest_pressure_after,
    if(agency_from = agency_to, 'within_agency', 'same_province') as route_code, if((select job_kind from transfer_posts as k where k.post_id = p.to_post_id) = 'jf', ' PROFESI TEMUAN ', ' TEMUAN ') as missing_documents, true as refusal_is_exact, 0::bigint as price_of_refusal_critical, 0::bigint as price_of_refusal_fit,
    case when person_id in (select person_id from inter) then (select min(person_id) from pairs where agency_to = 'dumai') end as companion_person_id
from (from pairs union all by name from inter) as p;
create table unfilled_posts as
select post_id, open_seats as seats, 'no_lawful_person' as reason_code, 0::bigint as people_competing, 'D3' as costliest_rule_code, 4::bigint as people_lost_by_rule
from transfer_posts where open_seats > (select count(*) from candidates where to_post_id = post_id);
create table why_not as
select person_id, outcome, null::varchar as best_post_id, if(outcome = 'ELIGIBLE', 'others_suit_better', 'rules_failed') as reason_code, 12::bigint as price, failed_rules
from transfer_people where person_id not in (select person_id from candidates);
create table unlocks as
select person_id, 'R3' as rule_code, 'SKP dua tahun terakhir' as item, (select min(post_id) from transfer_posts where state = 'open') as post_id, 640::bigint as gain
from transfer_people where outcome = 'REVIEW' and agency_id <> 'jakarta';
create table three_names as
select (select min(post_id) from transfer_posts as p where p.agency_id = t.agency_id) as post_id, agency_id,
    row_number() over (partition by agency_id order by person_id)::bigint as place, person_id, 'vertical' as way,
    (90 - row_number() over (partition by agency_id order by person_id))::bigint as fit_points, ' R3 ' as review_rules, 'SKP dua tahun terakhir' as missing_items
from transfer_people as t where outcome = 'REVIEW' qualify row_number() over (partition by agency_id order by person_id) <= 3;
create table frontier as
select * from (values ('wishes_only', 4::bigint, 0::bigint, 4700.0::double, 8::bigint, false), ('gain_x4', 8, 5, 3900.0, 4, false), ('published', 12, 8, 3100.0, 2, true),
    ('every_relief', 20, 15, 2600.0, 2, false)) as f(point, moves, involuntary_moves, imbalance, critical_unfilled, is_published);
create table units as
select agency_id, unit_id, sum(need_fte) as need_fte, sum(staff_definitive)::double as staff_before, (sum(staff_definitive) + sum(came) - sum(went))::double as staff_after,
    sum(need_fte) / sum(staff_definitive) as pressure_before, sum(need_fte) / (sum(staff_definitive) + sum(came) - sum(went)) as pressure_after,
    sum(came)::bigint as moves_in, sum(went)::bigint as moves_out
from (select p.*, (select count(*) from candidates where to_post_id = post_id) as came, (select count(*) from candidates where from_post_id = post_id) as went from transfer_posts as p)
group by all;
create table employees as
select agency_id, person_id, 'X' || lpad((row_number() over (order by person_id))::varchar, 17, '0') as nip,
    'Rekaan ' || upper(substr(person_id, 2, 5)) || ' ' || agency_id as employee_name, 'ASN-' || upper(substr(sha256(person_id), 1, 6)) as pseudonym, 'III/a' as golongan_name,
    date '2022-04-01' as golongan_since, 'S1' as education_level_name
from transfer_people;
"""


PLACES = {name: f"inputs/{name}" for name in INPUTS} | {name: f"out/{name}" for name in OUTPUTS}


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
        "week": WEEK, "run_id": RUN_ID, "data_as_of": DAY.isoformat(), "policy_hash": "aa" * 8, "inputs_hash": "bb" * 8, "code_version": "1",
        "label": "optimal over all lawful pairs", "bound": None,
        "certificate": {
            "stages": [{"stage": s, "primal": 10, "dual": 10, "gap": 0} for s in ("critical", "imbalance", "fit")],
            "verified_by_sql": True, "verified_by_ortools": True,
        },
        "objective": {"before": {"critical_unfilled": 9, "imbalance": 5200}, "after": {"critical_unfilled": 2, "imbalance": 3100}},
    }  # fmt: skip
