select
    run_id,
    agency_id,
    dataset,
    step,
    snapshot_date,
    status,
    rows_received,
    rows_promoted,
    rows_quarantined,
    seconds,
    peak_mb,
    bytes,
    data_as_of,
    message,
    started_at
from {{ source('ledger', 'runs') }}
