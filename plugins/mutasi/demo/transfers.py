"""What decides about transfers: cases, study, licences, wishes, moves under way; and people planted for each rule.

Planted people are otherwise without fault, so that one rule alone decides about them. Everything is drawn by hashes of row
numbers over the whole base population, so that nights agree; `planted_people` says who was planted and what must come out.
"""

from __future__ import annotations

import datetime as dt

import duckdb
import pyarrow as pa

from mutasi.demo.catalogue import HEALTH, TEACHER
from mutasi.demo.planted import choose
from mutasi.engine import quoted
from mutasi.sources.agency import Agency

DATASETS = (
    "discipline", "study_leave", "trainings", "assessments", "preferences", "licences", "credit_scores", "moves_in_process",
    "transfer_decisions", "objections", "job_equivalence",
)  # fmt: skip
LEGACY_JOB = ("J493", "Pengadministrasi Umum", "J403")


def build_transfers(con: duckdb.DuckDBPyConnection, agency: Agency, base: dt.date, seed: int) -> None:
    """The datasets about transfers that the agency sends, and `planted_people`; needs the tables of the drawn population."""
    sent = [name for name in DATASETS if name in agency.datasets]
    con.execute("create or replace table planted_people (i bigint, nip varchar, plant varchar, rule varchar, outcome varchar)")
    if not sent:
        return
    _people(con, base)
    choose(con, agency, seed)
    _make_sound(con, base)
    _cases(con, base)
    _licences(con, base, seed)
    _careers(con, base, seed)
    _preferences(con, seed)
    _moves(con, base, seed)
    _equivalence(con, is_sent="job_equivalence" in sent)


def truth_people(con: duckdb.DuckDBPyConnection, agency_id: str) -> pa.Table:
    """Who was planted and what must come out (columns: see the package's docstring)."""
    return con.sql(f"""
        select {quoted(agency_id)} as agency_id, p.nip, p.plant, p.rule as rule_code, p.outcome
        from planted_people p join r_people r using (i) where r.shown order by all""").to_arrow_table()


def _people(con: duckdb.DuckDBPyConnection, base: dt.date) -> None:
    """The base population with what the choice asks; nothing here changes from night to night."""
    con.execute(f"""
        create or replace table t_people as
        select r.i, r.number, r.nip::varchar as nip, r.status, r.tmt_pns::date as tmt_pns, r.legal, r.certified, r.home, r.shown,
            j.kind, j.family, j.job_id, p.sub_job, k.unit_id, k.position_id, {quoted(base.isoformat())}::date as today,
            date_diff('month', today, (r.birth + to_years(j.bup_age))::date) as months_left,
            r.legal = '01' or r.legal like '7%' as is_at_work,
            is_at_work and r.status = 'PNS' and j.kind in ('jf', 'pelaksana') and r.tmt_pns <= today - interval 12 year
                and months_left > 48 as is_sound,
            (select count(*) from positions o where o.job_id = j.job_id) > 1 as has_peers
        from r_people r join r_posts p on p.i = r.post join r_jobs j on j.i = p.job join k_posts k on k.i = r.post""")


def _planted(*names: str) -> str:
    return f"select nip from planted_people where plant in ({', '.join(map(quoted, names))})"


def _make_sound(con: duckdb.DuckDBPyConnection, base: dt.date) -> None:
    """Planted people hold one post for four years with two good reviews; then tenure and reviews get their own faults."""
    sound = "select p.nip from planted_people p join t_people t using (i) where t.is_sound"
    con.execute(f"delete from assignments where nip in ({sound}) and (assignment_type <> 'D' or valid_to is not null)")
    for people, years in ((sound, 4), (_planted("short_tenure"), 1)):
        con.execute(f"""
            update assignments set valid_from = {quoted(base.isoformat())}::date - interval {years} year
            where nip in ({people}) and assignment_type = 'D' and valid_from < {quoted(base.isoformat())}::date""")
    con.execute(f"""
        update performance_reviews set work_result_code = '2', behaviour_code = '2', predicate_code = '2' where nip in ({sound})""")
    con.execute(f"""
        update performance_reviews set work_result_code = '3', predicate_code = '3'
        where nip in ({_planted("weak_review")}) and year = {base.year - 1}""")
    con.execute(f"delete from performance_reviews where nip in ({_planted('review_missing')}) and year = {base.year - 1}")


def _cases(con: duckdb.DuckDBPyConnection, base: dt.date) -> None:
    """`discipline` and `study_leave`: planted people, and old cases of one in two hundred others."""
    today = f"{quoted(base.isoformat())}::date"
    con.execute(f"""
        create or replace table discipline as
        select t.i as _i, t.nip, 'K' || t.number as case_id,
            case p.plant when 'sanctioned' then 'in_force' when 'examined' then 'in_process' else 'ended' end as case_status,
            case when p.plant = 'examined' then null when t.number % 3 = 0 then 'moderate' else 'light' end as discipline_level,
            case when p.plant = 'examined' then null when p.plant = 'sanctioned' then {today} - 60 else {today} - 900 end as sanction_from,
            case when p.plant = 'examined' then null when p.plant = 'sanctioned' then {today} + 305 else {today} - 535 end as sanction_to
        from t_people t left join planted_people p using (i)
        where t.shown and (p.plant in ('sanctioned', 'examined', 'sanction_over') or (p.plant is null and t.number % 200 = 11))
        order by t.i""")
    con.execute(f"""
        create or replace table study_leave as
        select t.i as _i, t.nip, {today} - 1500 as study_from,
            case when p.plant = 'studying' or t.legal = '03' then null else {today} - 770 end as study_to,
            case p.plant when 'studying' then null when 'bound' then {today} + 400 else {today} - 40 end as bond_until
        from t_people t left join planted_people p using (i)
        where t.shown and (p.plant in ('studying', 'bound', 'bond_over') or t.legal = '03' or (p.plant is null and t.number % 150 = 7))
        order by t.i""")


def _licences(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """Registrations of health workers and certificates of most teachers; they prove what `certified` says, where it says so."""
    con.execute(f"""
        update employees set certified_sub_job = null
        where nip in ({_planted("other_subject", "other_specialty")})""")
    con.execute(f"""
        create or replace table licences as
        select t.i as _i, t.nip, case t.family when {quoted(HEALTH)} then 'str' else 'teacher_certificate' end as licence_type,
            case p.plant when 'other_subject' then 'Bahasa Daerah' when 'other_specialty' then 'Radiologi' else t.certified end
                as licensed_sub_job,
            t.today - (400 + hash(t.i, {seed}, 'licence') % 1400)::integer as licence_from,
            case when p.plant = 'licence_expired' then t.today - 30 end as licence_to, null::varchar as licence_facility
        from t_people t left join planted_people p using (i)
        where t.shown and t.kind = 'jf' and t.family in ({quoted(HEALTH)}, {quoted(TEACHER)})
            and coalesce(p.plant, '') <> 'licence_missing'
            and (p.plant is not null or t.family = {quoted(HEALTH)} or hash(t.i, {seed}, 'certified') % 100 < 88)
        order by t.i""")


def _careers(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """`trainings`, `assessments` and `credit_scores`."""
    con.execute(f"""
        create or replace table trainings as
        select t.i * 4 + n.o as _i, t.nip, 'D' || t.number || '-' || n.o as training_id,
            case when hash(t.i, n.o, {seed}, 'family') % 100 < 80 then t.family else 'Administrasi' end as training_family,
            t.today - (30 + hash(t.i, n.o, {seed}, 'day') % 2500)::integer as completed_on,
            (8 + hash(t.i, n.o, {seed}, 'hours') % 12 * 8)::double as training_hours
        from t_people t cross join (values (0), (1), (2)) n(o)
        where t.shown and hash(t.i, n.o, {seed}, 'training') % 100 < 35 order by 1""")
    con.execute(f"""
        create or replace table assessments as
        select i as _i, nip, today - (60 + hash(i, {seed}, 'assessed') % 600)::integer as assessed_on,
            (450 + hash(i, {seed}, 'potential') % 530) / 10.0::double as potential_score, null::date as assessment_until
        from t_people where shown and status = 'PNS' and hash(i, {seed}, 'is assessed') % 100 < 65 order by i""")
    con.execute(f"""
        create or replace table credit_scores as
        select i as _i, nip, {base.year - 1}::bigint as year, (10 + hash(i, {seed}, 'credit') % 300)::double as credit_score
        from t_people where shown and status = 'PNS' and kind = 'jf' and tmt_pns < today - interval 3 year order by i""")


def _preferences(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """One to three wishes of one person in twelve; some couples move together only."""
    con.execute(f"""
        create or replace table preferences as
        with wishers as (
            select *, hash(i, {seed}, 'ground') % 100 as ground_roll,
                -- Not by 12: hashes of the same number agree in their last bits, so no wisher at all would be left.
                case when hash(i, {seed}, 'couple') % 7 = 0 then row_number() over (partition by hash(i, {seed}, 'couple') % 7 order by i)
                    end as couple
            from t_people where is_at_work and kind in ('jf', 'pelaksana') and hash(i, {seed}, 'wishes') % 12 = 0),
        choices as (
            select job_id, unit_id, position_id, row_number() over (partition by job_id order by _i) - 1 as turn,
                count(*) over (partition by job_id) as many
            from positions)
        select w.i * 4 + n.o as _i, w.nip, (n.o + 1)::bigint as wish_rank,
            case (hash(w.i, n.o, {seed}, 'kind') % 10)::integer when 0 then 'any' when 1 then 'district' when 2 then 'district' when 3 then 'unit'
                when 4 then 'unit' else 'post' end as wish_kind,
            case when wish_kind in ('unit', 'post') then c.unit_id end as wish_unit_id,
            case when wish_kind = 'post' then c.position_id end as wish_position_id,
            case when wish_kind = 'district' then w.home end as wish_district_code,
            case when w.ground_roll < 12 then 'family' when w.ground_roll < 16 then 'health' when w.ground_roll < 30 then 'location'
                when w.ground_roll < 45 then 'career' end as wish_ground,
            coalesce(wish_ground in ('family', 'health') and w.ground_roll % 3 < 2, false) as has_verified_ground,
            hash(w.i, {seed}, 'agency') % 10 = 0 as accepts_inter_agency, s.nip as spouse_nip, s.nip is not null as is_joint_move
        from wishers w cross join (values (0), (1), (2)) n(o)
        join choices c on c.job_id = w.job_id and c.turn = hash(w.i, n.o, {seed}, 'choice') % c.many
        left join wishers s on s.couple = w.couple + case when w.couple % 2 = 1 then 1 else -1 end
        where w.shown and n.o <= hash(w.i, {seed}, 'number') % 3 order by 1""")


def _moves(con: duckdb.DuckDBPyConnection, base: dt.date, seed: int) -> None:
    """`moves_in_process`, `transfer_decisions` and `objections` of planted people; targets are other posts of the same job."""
    con.execute(f"""
        create or replace table targets as
        select t.i, t.nip, t.number, t.today, p.plant, c.unit_id, c.position_id
        from t_people t join planted_people p using (i) join positions c on c.job_id = t.job_id and c.position_id <> t.position_id
        where t.shown qualify row_number() over (partition by t.i order by hash(t.i, c._i, {seed}, 'target')) = 1""")
    con.execute("""
        create or replace table moves_in_process as
        select i as _i, nip, today - 45 as move_since, case when number % 2 = 0 then 'technical_opinion' else 'proposed' end as move_status,
            null::varchar as to_agency_code, unit_id as to_unit_id, position_id as to_position_id
        from targets where plant = 'moving' order by i""")
    con.execute(f"""
        create or replace table transfer_decisions as
        select i as _i, 'KEP.' || number || '/{base.year}' as decree_number, nip,
            today - case plant when 'refused_long_ago' then 800 else 30 end as decided_on,
            case plant when 'approved' then 'approved' else 'refused' end as decision, unit_id as to_unit_id, position_id as to_position_id,
            case plant when 'approved' then today + 20 end as effective_from, null::date as excluded_until
        from targets where plant in ('approved', 'refused', 'refused_long_ago') order by i""")
    con.execute("""
        create or replace table objections as
        select i as _i, nip, 'B' || number as objection_id, today - 12 as filed_on,
            case plant when 'objecting' then 'undecided' else 'rejected' end as objection_status
        from targets where plant in ('objecting', 'objection_decided') order by i""")


def _equivalence(con: duckdb.DuckDBPyConnection, *, is_sent: bool) -> None:
    """Where the agency says what became of old titles, one post in four of one job still bears the old one."""
    legacy, name, present = map(quoted, LEGACY_JOB)
    con.execute(f"""
        create or replace table job_equivalence as
        select 0 as _i, {legacy} as legacy_job_id, {present} as job_id, 'Administrasi' as job_family, '15' as min_education_code,
            date '2022-10-01' as valid_from, null::date as valid_to
        union all
        select i + 1, replace(job_id, 'J', 'L'), job_id, family, null, date '2022-10-01', null
        from r_jobs where kind = 'pelaksana' and job_id <> {present} order by 1""")
    if is_sent:
        con.execute(
            f"insert into jobs select (select max(_i) + 1 from jobs), {legacy}, {name}, 'pelaksana', null, 58, 'Administrasi'"
        )
        con.execute(f"update positions set job_id = {legacy}, job_name = {name} where job_id = {present} and _i % 4 = 0")
