select
    agency_id,
    try_cast(snapshot_date as date) as snapshot_date,
    unit_id,
    nullif(parent_unit_id, unit_id) as parent_unit_id,
    unit_name,
    unit_type,
    region_code,
    region_code_system,
    try_cast(latitude as double) as latitude,
    try_cast(longitude as double) as longitude,
    coalesce(try_cast(is_active as boolean), true) as is_active,
    try_cast(valid_from as date) as structure_from,
    try_cast(valid_to as date) as structure_to,
    _flags as flags
from {{ source('inputs', 'units') }}
