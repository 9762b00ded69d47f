{# A view: one model alone reads it, and finds the people when the years of each stand in one row. #}
{{ config(materialized='view') }}
select
    agency_id,
    try_cast(snapshot_date as date) as snapshot_date,
    nip,
    try_cast(year as integer) as review_year,
    work_result_code,
    behaviour_code,
    predicate_code,
    try_cast(score as double) as score,
    _flags as flags
from {{ source('inputs', 'performance_reviews') }}
