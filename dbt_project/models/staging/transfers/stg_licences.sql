{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'licences') }}
)

select
    records.agency_id,
    identities.person_id,
    records.licence_type,
    records.licensed_sub_job,
    try_cast(records.licence_from as date) as licence_from,
    try_cast(records.licence_to as date) as licence_to
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
