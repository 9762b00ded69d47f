with failures as (
    select
        agency_id,
        regexp_extract(filename, 'checks/([^/]+)/[^/]+/failures', 1) as dataset,
        {{ day_of_folder('filename') }} as snapshot_date,
        rule_code,
        action,
        column_name,
        record_key,
        _row_id as row_number_in_source
    from {{ source('defects', 'failures') }}
)

select
    agency_id,
    dataset,
    snapshot_date,
    rule_code,
    action,
    column_name,
    record_key,
    row_number_in_source
from failures
