with positions as (
    select * from {{ ref('stg_positions') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

retirement as (
    select
        positions.agency_id,
        positions.unit_id,
        positions.position_id,
        coalesce(positions.bup_age, jobs.bup_age) as job_bup_age,
        case coalesce(job_levels.bup_rule_code, job_kinds.bup_rule_code)
            when 'bup_jpt' then rules.bup_jpt
            when 'bup_administrator' then rules.bup_administrator
            when 'bup_pengawas' then rules.bup_pengawas
            when 'bup_pelaksana' then rules.bup_pelaksana
            when 'bup_jf_madya' then rules.bup_jf_madya
            when 'bup_jf_utama' then rules.bup_jf_utama
            when 'bup_jf' then rules.bup_jf
        end as rule_bup_age
    from positions
    left join rules on positions.agency_id = rules.agency_id
    left join {{ ref('stg_jobs') }} as jobs on positions.agency_id = jobs.agency_id and positions.job_id = jobs.job_id
    left join {{ ref('job_kinds') }} as job_kinds on positions.job_kind = job_kinds.job_kind
    left join {{ ref('job_levels') }} as job_levels
        on positions.job_level = job_levels.job_level and positions.job_kind = 'jf'
)

select
    positions.agency_id,
    positions.unit_id,
    positions.position_id,
    positions.job_id,
    positions.job_name,
    positions.job_kind,
    job_kinds.job_kind_name,
    positions.job_level,
    positions.sub_job,
    positions.job_class,
    positions.job_family,
    positions.min_education_code,
    education_levels.education_level_name as min_education_name,
    positions.golongan_min,
    positions.golongan_max,
    cast(coalesce(retirement.job_bup_age, retirement.rule_bup_age) as integer) as bup_age,
    case
        when retirement.job_bup_age is not null then 'JOB'
        when retirement.rule_bup_age is not null then 'RULE'
    end as bup_source,
    positions.establishment_approved,
    positions.is_critical,
    positions.has_critical_decree
from positions
inner join retirement
    on
        positions.agency_id = retirement.agency_id
        and positions.unit_id = retirement.unit_id
        and positions.position_id = retirement.position_id
left join {{ ref('job_kinds') }} as job_kinds on positions.job_kind = job_kinds.job_kind
left join {{ ref('education_levels') }} as education_levels
    on positions.min_education_code = education_levels.education_level_code
