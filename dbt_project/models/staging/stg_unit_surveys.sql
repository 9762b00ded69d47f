{# Read by one model only, so nothing is stored. #}
{{ config(materialized='view') }}
select
    rows_sent.agency_id,
    coalesce(moved.current_unit_id, rows_sent.unit_id) as unit_id,
    try_cast(rows_sent.surveyed_on as date) as surveyed_on,
    try_cast(rows_sent.respondents as integer) as respondents,
    try_cast(rows_sent.perceived_load as double) as perceived_load
from {{ source('inputs', 'unit_surveys') }} as rows_sent
left join {{ ref('stg_current_units') }} as moved
    on rows_sent.agency_id = moved.agency_id and rows_sent.unit_id = moved.unit_id
