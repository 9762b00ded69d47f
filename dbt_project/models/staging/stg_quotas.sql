{# Read by one model only, so nothing is stored. #}
{{ config(materialized='view') }}
select
    rows_sent.agency_id,
    coalesce(moved.current_unit_id, rows_sent.unit_id) as unit_id,
    rows_sent.position_id,
    try_cast(rows_sent."year" as integer) as quota_year,
    rows_sent.recruitment,
    rows_sent.status as quota_status,
    try_cast(rows_sent.seats as integer) as seats
from {{ source('inputs', 'quotas') }} as rows_sent
left join {{ ref('stg_current_units') }} as moved
    on rows_sent.agency_id = moved.agency_id and rows_sent.unit_id = moved.unit_id
