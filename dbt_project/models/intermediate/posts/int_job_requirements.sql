-- What a list recommends per job and sub-job. Published lists name a specialty by its id, by its name, or by the job's name
-- alone, and one job in two of their groups, each with a part of its need: parts are added up.
with rows_of_list as (
    select
        agency_id,
        job_id,
        sub_job_id,
        job_name,
        sub_job_name,
        sum(required_count) as required_count
    from {{ ref('stg_job_requirements') }}
    group by agency_id, job_id, sub_job_id, job_name, sub_job_name
),

counted as (
    select
        rows_of_list.*,
        count(*) over (partition by agency_id, job_id) as rows_of_job,
        count(*) over (partition by agency_id, job_id, sub_job_id) as rows_of_sub_job_id,
        sum(case when sub_job_id is null and sub_job_name is null then 1 else 0 end) over (
            partition by agency_id, job_id
        ) as rows_without_sub_job
    from rows_of_list
),

named as (
    select
        counted.*,
        -- Several rows of one job that name no sub-job differ by the job's name: that is where the specialty stands.
        coalesce(
            sub_job_name, case when sub_job_id is null and rows_without_sub_job > 1 then job_name end
        ) as sub_job
    from counted
)

select
    agency_id,
    concat_ws(
        '|', agency_id, job_id, coalesce(sub_job_id, ''),
        case when rows_of_sub_job_id > 1 then coalesce(sub_job, '') || '|' || coalesce(job_name, '') end
    ) as requirement_id,
    job_id,
    sub_job_id,
    job_name,
    sub_job,
    sub_job_id is null and sub_job is null as is_general,
    cast(rows_of_job as integer) as rows_of_job,
    cast(
        count(*) over (partition by agency_id, job_id, lower(sub_job_id), lower(sub_job)) as integer
    ) as rows_of_sub_job,
    cast(required_count as integer) as required_count
from named
