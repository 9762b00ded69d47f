select
    agency_id,
    old_unit_id,
    new_unit_id
from {{ source('inputs', 'unit_bridge') }}
where
    old_unit_id <> new_unit_id
    and coalesce(try_cast(valid_from as date) <= try_cast(snapshot_date as date), true)
