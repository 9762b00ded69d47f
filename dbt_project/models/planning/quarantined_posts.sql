select
    agency_id,
    dataset,
    unit_id,
    position_id
from {{ ref('stg_quarantined_posts') }}
