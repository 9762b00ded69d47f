with positions as (
    select * from {{ ref('stg_positions') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

described as (
    select
        positions.*,
        job_kinds.job_kind_name,
        education_levels.education_level_name,
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
    left join {{ ref('education_levels') }} as education_levels
        on positions.min_education_code = education_levels.education_level_code
)

select
    agency_id,
    unit_id,
    position_id,
    job_id,
    job_name,
    job_kind,
    job_kind_name,
    job_level,
    sub_job,
    job_class,
    job_family,
    min_education_code,
    education_level_name as min_education_name,
    golongan_min,
    golongan_max,
    cast(coalesce(job_bup_age, rule_bup_age) as integer) as bup_age,
    case
        when job_bup_age is not null then 'JOB'
        when rule_bup_age is not null then 'RULE'
    end as bup_source,
    establishment_approved,
    is_critical,
    has_critical_decree
from described
