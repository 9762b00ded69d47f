select
    agency_id,
    try_cast(snapshot_date as date) as snapshot_date,
    unit_id,
    position_id,
    category,
    try_cast(headcount as integer) as headcount,
    _flags as flags
from {{ source('inputs', 'non_asn_counts') }}
