with today as (
    select * from {{ ref('int_as_of') }}
),

exclusion as (
    select max(try_cast(policy.value as integer)) as months
    from {{ ref('transfer_policy') }} as policy
    cross join today
    where
        policy.policy_code = 'refusal_lasts_months'
        and policy.agency_id is null
        and policy.valid_from <= today.as_of
        and coalesce(policy.valid_to >= today.as_of, true)
),

locks as (
    select
        moves.person_id,
        'in_process' as kind,
        case
            -- A post of an agency that does not take part has no id here; the person is held all the same.
            when moves.to_position_id is not null and (moves.to_agency_code is null or receivers.agency_id is not null)
                then concat_ws('|', coalesce(receivers.agency_id, moves.agency_id), moves.to_unit_id, moves.to_position_id)
        end as post_id,
        cast(null as date) as until_date,
        'moves_in_process' as source
    from {{ ref('stg_moves_in_process') }} as moves
    left join {{ ref('stg_agencies') }} as receivers on moves.to_agency_code = receivers.bkn_code
    where moves.move_status in ('proposed', 'technical_opinion', 'decree')
    union
    select
        decisions.person_id,
        case decisions.decision when 'approved' then 'approved' else 'refused' end as kind,
        case
            when decisions.to_position_id is not null
                then concat_ws('|', decisions.agency_id, decisions.to_unit_id, decisions.to_position_id)
        end as post_id,
        case decisions.decision
            when 'approved' then decisions.effective_from
            else coalesce(decisions.excluded_until, {{ months_after('decisions.decided_on', 'exclusion.months') }})
        end as until_date,
        'transfer_decisions' as source
    from {{ ref('stg_transfer_decisions') }} as decisions
    cross join exclusion
    where decisions.decision in ('approved', 'refused')
    union
    select
        objections.person_id,
        'objection' as kind,
        cast(null as varchar) as post_id,
        cast(null as date) as until_date,
        'objections' as source
    from {{ ref('stg_objections') }} as objections
    where objections.objection_status = 'undecided'
)

select
    locks.person_id,
    locks.kind,
    locks.post_id,
    locks.until_date,
    locks.source
from locks
cross join today
-- A move that has begun is a fact of the assignments; a refusal past its day no longer binds.
where
    locks.until_date is null
    or (locks.kind = 'approved' and locks.until_date > today.as_of)
    or (locks.kind = 'refused' and locks.until_date >= today.as_of)
