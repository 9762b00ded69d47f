with changes as (
    select
        agency_id,
        unit_id,
        position_id,
        job_id,
        job_name,
        job_kind,
        job_level,
        sub_job,
        try_cast(job_class as integer) as job_class,
        try_cast(establishment_approved as integer) as establishment_approved,
        try_cast(is_critical as boolean) as is_critical,
        _change as change,
        _recorded_on as valid_from
    from {{ source('changes', 'positions') }}
),

{{ intervals('changes', ['agency_id', 'unit_id', 'position_id']) }}

select
    agency_id,
    unit_id,
    position_id,
    job_id,
    job_name,
    job_kind,
    job_level,
    sub_job,
    job_class,
    establishment_approved,
    is_critical,
    valid_from,
    valid_to,
    valid_to is null as is_current
from intervals
where change <> 'deleted'
