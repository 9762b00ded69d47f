{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'credit_scores') }}
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records."year" as integer) as credit_year,
    try_cast(records.credit_score as double) as credit_score
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
