with counts as (
    select * from {{ source('inputs', 'non_asn_counts') }}
)

select
    counts.agency_id,
    try_cast(counts.snapshot_date as date) as snapshot_date,
    coalesce(moved.current_unit_id, counts.unit_id) as unit_id,
    counts.position_id,
    counts.category,
    try_cast(counts.headcount as integer) as headcount,
    counts._flags as flags
from counts
left join {{ ref('stg_current_units') }} as moved on counts.agency_id = moved.agency_id and counts.unit_id = moved.unit_id
