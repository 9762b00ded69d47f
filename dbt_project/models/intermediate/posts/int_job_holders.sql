-- Seats taken per recommended job over a whole agency. A holder counts for a sub-job only where the post names it and one
-- row of the list has it; where a job has one recommendation, all its holders count for it.
with requirements as (
    select
        agency_id,
        requirement_id,
        job_id,
        is_general,
        rows_of_job,
        rows_of_sub_job,
        lower(sub_job_id) as sub_job_key,
        lower(sub_job) as sub_job_name_key,
        max(case when is_general then 1 else 0 end) over (partition by agency_id, job_id) as has_general_row
    from {{ ref('int_job_requirements') }}
),

holders as (
    select
        duties.agency_id,
        duties.person_id,
        positions.job_id,
        lower(positions.sub_job) as sub_job_key,
        max(case when duties.is_definitive_holder then 1 else 0 end) as definitive,
        max(case when duties.is_acting_holder then 1 else 0 end) as acting,
        max(case when duties.is_other_seat_taker then 1 else 0 end) as other
    from {{ ref('int_assignments') }} as duties
    inner join {{ ref('dim_position') }} as positions
        on
            duties.agency_id = positions.agency_id
            and duties.unit_id = positions.unit_id
            and duties.position_id = positions.position_id
    where positions.job_id is not null
    group by duties.agency_id, duties.person_id, positions.job_id, lower(positions.sub_job)
),

sub_jobs as (
    select distinct
        agency_id,
        job_id,
        sub_job_key as named_key
    from requirements
    where sub_job_key is not null
    union
    select distinct
        agency_id,
        job_id,
        sub_job_name_key as named_key
    from requirements
    where sub_job_name_key is not null
),

placed as (
    select
        holders.agency_id,
        holders.job_id,
        holders.sub_job_key,
        holders.definitive,
        holders.acting,
        case when holders.definitive = 0 then holders.other else 0 end as other,
        sub_jobs.named_key is not null as is_named
    from holders
    left join sub_jobs
        on
            holders.agency_id = sub_jobs.agency_id
            and holders.job_id = sub_jobs.job_id
            and holders.sub_job_key = sub_jobs.named_key
),

matched as (
    select
        requirements.agency_id,
        requirements.requirement_id,
        placed.definitive,
        placed.other,
        placed.acting,
        requirements.rows_of_job = 1
        or (requirements.is_general and not placed.is_named)
        or (
            requirements.rows_of_sub_job = 1
            and coalesce(placed.sub_job_key in (requirements.sub_job_key, requirements.sub_job_name_key), false)
        ) as is_counted,
        requirements.rows_of_job > 1
        and (
            (requirements.has_general_row = 0 and not placed.is_named)
            or (
                requirements.rows_of_sub_job > 1
                and coalesce(placed.sub_job_key in (requirements.sub_job_key, requirements.sub_job_name_key), false)
            )
        ) as is_unplaced
    from requirements
    left join placed on requirements.agency_id = placed.agency_id and requirements.job_id = placed.job_id
)

select
    agency_id,
    requirement_id,
    cast(coalesce(sum(case when is_counted then definitive end), 0) as integer) as holders_definitive,
    cast(coalesce(sum(case when is_counted then other end), 0) as integer) as seats_taken_otherwise,
    cast(coalesce(sum(case when is_counted then acting end), 0) as integer) as acting_holders,
    cast(coalesce(sum(case when is_unplaced then definitive + other end), 0) as integer) as holders_without_sub_job
from matched
group by agency_id, requirement_id
