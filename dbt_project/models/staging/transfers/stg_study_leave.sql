{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'study_leave') }}
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records.study_from as date) as study_from,
    try_cast(records.study_to as date) as study_to,
    try_cast(records.bond_until as date) as bond_until
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
