{# Work needed for a time asks for people for a time. Up to three posts of the same job and sub-job in the agency that have people
to spare are named for each; nobody is named, and no permanent move follows from it. #}
with posts as (
    select
        workload.agency_id,
        workload.unit_id,
        workload.position_id,
        positions.job_id,
        positions.job_name,
        lower(positions.sub_job) as sub_job_key,
        workload.temporary_need_fte,
        workload.temporary_from,
        workload.temporary_to,
        workload.surplus_fte,
        workload.is_under_review,
        workload.as_of
    from {{ ref('position_workload') }} as workload
    inner join {{ ref('dim_position') }} as positions
        on
            workload.agency_id = positions.agency_id
            and workload.unit_id = positions.unit_id
            and workload.position_id = positions.position_id
),

needing as (
    select *
    from posts
    where temporary_need_fte > 0
),

donors as (
    select
        needing.agency_id,
        needing.unit_id,
        needing.position_id,
        posts.unit_id as from_unit_id,
        posts.position_id as from_position_id,
        posts.surplus_fte,
        row_number() over (
            partition by needing.agency_id, needing.unit_id, needing.position_id
            order by
                case when posts.unit_id = needing.unit_id then 0 else 1 end asc,
                posts.surplus_fte desc, posts.unit_id asc, posts.position_id asc
        ) as suggestion_rank
    from needing
    inner join posts
        on
            needing.agency_id = posts.agency_id
            and needing.job_id = posts.job_id
            and needing.sub_job_key is not distinct from posts.sub_job_key
            and posts.surplus_fte > 0
            and not posts.is_under_review
            and (needing.unit_id <> posts.unit_id or needing.position_id <> posts.position_id)
)

select
    needing.agency_id,
    needing.unit_id,
    needing.position_id,
    cast(coalesce(donors.suggestion_rank, 1) as integer) as suggestion_rank,
    needing.job_name,
    needing.temporary_need_fte,
    needing.temporary_from,
    needing.temporary_to,
    donors.from_unit_id,
    donors.from_position_id,
    donors.surplus_fte as from_surplus_fte,
    case when donors.from_unit_id is null then 'NO_SURPLUS' else 'TEMPORARY_DUTY' end as suggestion,
    needing.as_of
from needing
left join donors
    on
        needing.agency_id = donors.agency_id
        and needing.unit_id = donors.unit_id
        and needing.position_id = donors.position_id
        and donors.suggestion_rank <= 3
