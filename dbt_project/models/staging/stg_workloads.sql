{# A view: writing a table of so many rows takes longer than its readers would save. #}
{{ config(materialized='view') }}
with {{ clashing(source('inputs', 'workloads'), ['position_id', 'year', 'task_id']) }}

select
    workloads.agency_id,
    case
        when clashing.agency_id is null then coalesce(moved.current_unit_id, workloads.unit_id) else workloads.unit_id
    end as unit_id,
    workloads.position_id,
    try_cast(workloads.year as integer) as abk_year,
    workloads.task_id,
    try_cast(workloads.volume as double) as volume,
    coalesce(workloads.volume_period, 'year') as volume_period,
    try_cast(workloads.minutes_per_unit as double) as minutes_per_unit,
    workloads.status,
    coalesce(workloads.method, 'abk') as method,
    coalesce(workloads.activity_class, 'service') as activity_class,
    try_cast(workloads.allowance_pct as double) as allowance_pct,
    try_cast(workloads.allowance_hours as double) as allowance_hours,
    try_cast(workloads.needed_from as date) as needed_from,
    try_cast(workloads.needed_to as date) as needed_to
from {{ source('inputs', 'workloads') }} as workloads
left join {{ ref('stg_current_units') }} as moved
    on workloads.agency_id = moved.agency_id and workloads.unit_id = moved.unit_id
left join clashing
    on
        workloads.agency_id = clashing.agency_id
        and workloads.unit_id = clashing.unit_id
        and workloads.position_id = clashing.position_id
        and workloads.year = clashing.year
        and workloads.task_id = clashing.task_id
