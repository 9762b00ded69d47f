{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'discipline') }}
)

select
    records.agency_id,
    identities.person_id,
    records.case_status,
    records.discipline_level,
    try_cast(records.sanction_from as date) as sanction_from,
    try_cast(records.sanction_to as date) as sanction_to
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
