select
    snapshot_date,
    agency_id,
    dataset,
    status,
    data_as_of,
    data_age_days,
    stale_after_days,
    is_stale,
    rows_received,
    rows_promoted,
    rows_quarantined
from {{ ref('int_dataset_deliveries') }}
