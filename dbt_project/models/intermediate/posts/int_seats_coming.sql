{# Seats that recruitment and moves under way will take. #}
{{ config(materialized='view') }}
with quotas as (
    select
        quotas.agency_id,
        quotas.unit_id,
        quotas.position_id,
        sum(case when quotas.quota_status = 'in_recruitment' then quotas.seats else 0 end) as seats_in_recruitment,
        sum(
            case
                when quotas.quota_status in ('approved', 'in_recruitment') and quotas.quota_year <= today.as_of_year
                    then quotas.seats
                else 0
            end
        ) as quota_seats_unfilled,
        max(case when quotas.quota_year <= today.as_of_year then quotas.quota_year end) as quota_year
    from {{ ref('stg_quotas') }} as quotas
    cross join {{ ref('int_as_of') }} as today
    group by quotas.agency_id, quotas.unit_id, quotas.position_id
),

people as (
    {{ moves_under_way() }}
),

moving_in as (
    select
        agency_id,
        unit_id,
        position_id,
        count(distinct person_id) as people_moving_in
    from people
    where is_post_ours
    group by agency_id, unit_id, position_id
)

select
    coalesce(quotas.agency_id, moving_in.agency_id) as agency_id,
    coalesce(quotas.unit_id, moving_in.unit_id) as unit_id,
    coalesce(quotas.position_id, moving_in.position_id) as position_id,
    coalesce(quotas.seats_in_recruitment, 0) as seats_in_recruitment,
    coalesce(moving_in.people_moving_in, 0) as people_moving_in,
    quotas.quota_seats_unfilled,
    quotas.quota_year
from quotas
full outer join moving_in
    on
        quotas.agency_id = moving_in.agency_id
        and quotas.unit_id = moving_in.unit_id
        and quotas.position_id = moving_in.position_id
