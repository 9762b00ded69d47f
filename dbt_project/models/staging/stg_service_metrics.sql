{# Read by one model only, so nothing is stored. #}
{{ config(materialized='view') }}
select
    rows_sent.agency_id,
    coalesce(moved.current_unit_id, rows_sent.unit_id) as unit_id,
    rows_sent.metric_code,
    rows_sent.metric_name,
    try_cast(date_trunc('month', try_cast(rows_sent."month" as date)) as date) as metric_month,
    try_cast(rows_sent.metric_value as double) as metric_value,
    rows_sent.direction,
    rows_sent.unit_of_measure
from {{ source('inputs', 'service_metrics') }} as rows_sent
left join {{ ref('stg_current_units') }} as moved
    on rows_sent.agency_id = moved.agency_id and rows_sent.unit_id = moved.unit_id
