select
    agency_id,
    try_cast(snapshot_date as date) as snapshot_date,
    unit_id,
    position_id,
    try_cast("year" as integer) as abk_year,
    task_id,
    task_name,
    try_cast(volume as double) as volume,
    coalesce(volume_period, 'year') as volume_period,
    try_cast(minutes_per_unit as double) as minutes_per_unit,
    status,
    coalesce(method, 'abk') as method,
    _flags as flags
from {{ source('inputs', 'workloads') }}
