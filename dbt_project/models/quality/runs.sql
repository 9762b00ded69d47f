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
-- A task that ran again in the same run left a newer row.
qualify row_number() over (partition by run_id, step, agency_id, dataset order by started_at desc) = 1
