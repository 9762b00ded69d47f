{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'objections') }}
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records.filed_on as date) as filed_on,
    records.objection_status
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
