{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'moves_in_process') }}
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records.move_since as date) as move_since,
    records.move_status,
    records.to_agency_code,
    coalesce(moved.current_unit_id, records.to_unit_id) as to_unit_id,
    records.to_position_id
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
left join {{ ref('stg_current_units') }} as moved on records.agency_id = moved.agency_id and records.to_unit_id = moved.unit_id
