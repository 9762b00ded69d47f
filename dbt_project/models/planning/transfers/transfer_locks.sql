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

under_way as (
    {{ moves_under_way() }}
),

locks as (
    select
        under_way.person_id,
        under_way.kind,
        case
            when under_way.is_post_ours then concat_ws('|', under_way.agency_id, under_way.unit_id, under_way.position_id)
        end as post_id,
        under_way.begins_on as until_date,
        case under_way.kind when 'approved' then 'transfer_decisions' else 'moves_in_process' end as source
    from under_way
    union
    select
        decisions.person_id,
        'refused' as kind,
        case
            when decisions.to_position_id is not null
                then concat_ws('|', decisions.agency_id, decisions.to_unit_id, decisions.to_position_id)
        end as post_id,
        coalesce(decisions.excluded_until, {{ months_after('decisions.decided_on', 'exclusion.months') }}) as until_date,
        'transfer_decisions' as source
    from {{ ref('stg_transfer_decisions') }} as decisions
    cross join exclusion
    where decisions.decision = 'refused'
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
-- A refusal past its day no longer binds.
where locks.kind <> 'refused' or coalesce(locks.until_date >= today.as_of, true)
