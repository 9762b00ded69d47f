{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'assessments') }}
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records.assessed_on as date) as assessed_on,
    try_cast(records.potential_score as double) as potential_score,
    try_cast(records.assessment_until as date) as assessment_until
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
