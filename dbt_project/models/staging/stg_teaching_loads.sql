{# Read by one model only, so nothing is stored. #}
{{ config(materialized='view') }}
select
    rows_sent.agency_id,
    coalesce(moved.current_unit_id, rows_sent.unit_id) as unit_id,
    rows_sent.teacher_kind,
    rows_sent.sub_job,
    try_cast(rows_sent.school_year as integer) as school_year,
    try_cast(rows_sent.class_count as integer) as class_count,
    try_cast(rows_sent.hours_per_week as double) as hours_per_week
from {{ source('inputs', 'teaching_loads') }} as rows_sent
left join {{ ref('stg_current_units') }} as moved
    on rows_sent.agency_id = moved.agency_id and rows_sent.unit_id = moved.unit_id
