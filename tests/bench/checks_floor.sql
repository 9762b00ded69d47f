-- What one would write by hand for the same counts: every rule of the suite `employees` in one query, by agency.
-- {employees}, {assignments}, {positions}, {reviews} are the same Parquet files that the check step reads; {day} is the day.
with e as not materialized (
    select *,
        employment_status in ('PNS', 'CPNS') as is_pns, employment_status in ('PPPK', 'PPPK_PW') as is_pppk,
        nip is not null and length(nip) = 18 as is_whole
    from {employees}
), repeated as (
    select agency_id, nip from {employees} where nip is not null group by all having count(*) > 1
), copies as (
    select agency_id, nip, row_number() over (partition by e.agency_id, {columns} order by _row_id) as copy
    from {employees} as e semi join repeated as r on r.agency_id = e.agency_id and r.nip = e.nip
), conflicts as (
    select agency_id, copy, count(*) filter (where copy = 1) over (partition by agency_id, nip) as variants from copies
), repeats as (
    select agency_id, count(*) filter (where copy > 1) as emp_002, count(*) filter (where variants > 1) as emp_003
    from conflicts group by agency_id
), posts as (
    select a.agency_id, a.nip,
        max(p.bup_age) filter (where a.assignment_type = 'D' and a.valid_to is null and p.bup_age between 50 and 70) as bup_age,
        bool_or(a.assignment_type = 'D' and p.job_kind in ('jpt', 'administrator', 'pengawas')) as structural,
        max(p.golongan_min) filter (where a.assignment_type = 'D' and p.job_kind in ('jpt', 'administrator', 'pengawas')) as rank_min,
        max(coalesce(l.code, case when p.job_kind = 'pengawas' then '30' else '35' end))
            filter (where a.assignment_type = 'D' and p.job_kind in ('jpt', 'administrator', 'pengawas')) as structural_min,
        max(coalesce(l.code, case when p.job_level in ('pertama', 'muda', 'madya', 'utama') then '35'
            when p.job_level in ('terampil', 'mahir', 'penyelia') then '30' else '15' end))
            filter (where a.assignment_type = 'D' and p.job_kind = 'jf') as functional_min
    from {assignments} as a
    left join {positions} as p on p.agency_id = a.agency_id and p.unit_id = a.unit_id and p.position_id = a.position_id
    left join (values ('12', '10'), ('17', '15'), ('18', '15'), ('40', '35'), ('47', '45'), ('50', '49'), ('05', '05'), ('10', '10'),
        ('15', '15'), ('20', '20'), ('25', '25'), ('30', '30'), ('35', '35'), ('42', '42'), ('45', '45'), ('49', '49')) as l(raw, code)
        on l.raw = p.min_education_code
    where a.assignment_type in ('D', 'DPK', 'DPB') and (a.valid_to is null or a.valid_to >= {day})
    group by a.agency_id, a.nip
), reviews as (
    select agency_id, nip, max(year) as last_year from {reviews} group by agency_id, nip
), sent as (
    select agency_id, count(title_front) + count(title_back) > 0 as titles, count(email) > 0 as emails, count(phone) > 0 as phones,
        count(nik) > 0 as niks
    from {employees} group by agency_id
), counted as (
    select e.agency_id,
        count(*) filter (where e.nip is null) as emp_001,
        count(*) filter (where not regexp_matches(e.nip, '^[0-9]{{18}}$')) as emp_004,
        count(*) filter (where not regexp_matches(e.nip, {structure})) as emp_005,
        count(*) filter (where is_whole and (substr(e.nip, 13, 2) between '01' and '12' and is_pppk
            or substr(e.nip, 13, 2) between '21' and '99' and is_pns)) as emp_006,
        count(*) filter (where is_whole and replace(cast(birth_date as varchar), '-', '') <> substr(e.nip, 1, 8)) as emp_007,
        count(*) filter (where is_whole and sex <> case substr(e.nip, 15, 1) when '1' then 'M' when '2' then 'F' else sex end) as emp_008,
        count(*) filter (where is_whole and is_pns
            and substr(replace(cast(tmt_cpns as varchar), '-', ''), 1, 6) <> substr(e.nip, 9, 6)) as emp_009,
        count(*) filter (where is_whole and is_pppk and substr(cast(tmt_cpns as varchar), 1, 4) <> substr(e.nip, 9, 4)) as emp_010,
        count(*) filter (where employee_name is null) as emp_011,
        count(*) filter (where employment_status is null) as emp_012,
        count(*) filter (where birth_date is null) as emp_013,
        count(*) filter (where birth_date < {day} - interval '75 years' or birth_date > {day} - interval '17 years') as emp_014,
        count(*) filter (where tmt_cpns > tmt_pns) as emp_015,
        count(*) filter (where employment_status = 'PNS' and tmt_pns is null) as emp_016,
        count(*) filter (where employment_status = 'CPNS' and tmt_cpns < {day} - interval '1 year') as emp_017,
        count(*) filter (where education_level_code is null) as emp_018,
        count(*) filter (where golongan_code not in ({golongan})) as emp_019,
        count(*) filter (where e.nip is not null and p.nip is null) as emp_020,
        count(*) filter (where date_trunc('month', birth_date + p.bup_age * interval '1 year') + interval '1 month' <= {day}) as emp_021,
        count(*) filter (where e.nip is not null and coalesce(r.last_year, 0) < extract(year from {day}) - 2) as emp_022,
        count(*) filter (where titles and education_level_code >= '30' and title_front is null and title_back is null) as emp_023,
        count(*) filter (where emails and (email is null or email not like '%_@_%._%')) as emp_024,
        count(*) filter (where phones and phone is null) as emp_025,
        count(*) filter (where niks and (nik is null or length(nik) <> 16)) as emp_026,
        count(*) filter (where _unreadable <> '') as emp_027,
        count(*) filter (where _unmapped <> '') as emp_028,
        count(*) filter (where _repaired <> '') as emp_029,
        count(*) filter (where is_pns and p.structural and tmt_cpns > {day} - interval '2 years') as emp_030,
        count(*) filter (where is_pppk and legal_status_code < '51' or is_pns and legal_status_code in ('71', '72', '73')) as emp_031,
        count(*) filter (where education_level_code < p.structural_min) as emp_032,
        count(*) filter (where is_whole and substr(e.nip, 13, 2) >= '21' and (substr(e.nip, 9, 4) < '2019'
            or substr(e.nip, 9, 4) > cast(extract(year from {day}) as varchar))) as emp_033,
        count(*) filter (where education_level_code < p.functional_min) as emp_034,
        count(*) filter (where employment_status = 'PNS' and p.structural and golongan_code < p.rank_min) as emp_035,
        count(*) filter (where upper(e.nip) like '%E+1_' or e.nip like '__________________.0%') as emp_036,
        count(*) filter (where length(home_district_code) not in (32, 36)
            and (length(replace(home_district_code, '.', '')) > 8 or translate(home_district_code, '0123456789.', '') <> '')) as emp_037
    from e
    left join posts as p on p.agency_id = e.agency_id and p.nip = e.nip
    left join reviews as r on r.agency_id = e.agency_id and r.nip = e.nip
    left join sent as s on s.agency_id = e.agency_id
    group by e.agency_id
)
select c.*, coalesce(r.emp_002, 0) as emp_002, coalesce(r.emp_003, 0) as emp_003
from counted as c left join repeats as r using (agency_id)
