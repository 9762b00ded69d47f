{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'trainings') }}
)

select
    records.agency_id,
    identities.person_id,
    records.training_family,
    try_cast(records.completed_on as date) as completed_on,
    try_cast(records.training_hours as double) as training_hours
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
