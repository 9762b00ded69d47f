{{ config(materialized='view') }}
select
    agency_id,
    legacy_job_id,
    job_id,
    job_family,
    min_education_code,
    try_cast(valid_from as date) as equal_from,
    try_cast(valid_to as date) as equal_to
from {{ source('inputs', 'job_equivalence') }}
