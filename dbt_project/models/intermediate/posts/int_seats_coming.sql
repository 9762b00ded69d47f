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
    select
        coalesce(receivers.agency_id, moves.agency_id) as agency_id,
        moves.to_unit_id as unit_id,
        moves.to_position_id as position_id,
        moves.person_id
    from {{ ref('stg_moves_in_process') }} as moves
    left join {{ ref('stg_agencies') }} as receivers on moves.to_agency_code = receivers.bkn_code
    where
        moves.move_status in ('proposed', 'technical_opinion', 'decree')
        and (moves.to_agency_code is null or receivers.agency_id is not null)
    union
    select
        decisions.agency_id,
        decisions.to_unit_id as unit_id,
        decisions.to_position_id as position_id,
        decisions.person_id
    from {{ ref('stg_transfer_decisions') }} as decisions
    cross join {{ ref('int_as_of') }} as today
    where decisions.decision = 'approved' and decisions.effective_from > today.as_of
),

moving_in as (
    select
        agency_id,
        unit_id,
        position_id,
        count(*) as people_moving_in
    from people
    where position_id is not null
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
