{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'transfer_decisions') }}
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records.decided_on as date) as decided_on,
    records.decision,
    coalesce(moved.current_unit_id, records.to_unit_id) as to_unit_id,
    records.to_position_id,
    try_cast(records.effective_from as date) as effective_from,
    try_cast(records.excluded_until as date) as excluded_until
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
left join {{ ref('stg_current_units') }} as moved on records.agency_id = moved.agency_id and records.to_unit_id = moved.unit_id
