select
    run_id,
    snapshot_date,
    agency_id,
    dataset,
    rule_code,
    action,
    column_name,
    rows_affected
from {{ source('ledger', 'quarantine') }}
