select distinct
    agency_id,
    dataset,
    unit_id,
    position_id
from {{ source('inputs', 'quarantined_posts') }}
