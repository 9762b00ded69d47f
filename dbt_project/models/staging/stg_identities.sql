{# Who of the employees has an identity: records of people bear the employee number alone. #}
{{ config(materialized='view') }}
select
    agency_id,
    nip,
    person_id,
    pseudonym
from {{ ref('stg_employees') }}
where pseudonym is not null
