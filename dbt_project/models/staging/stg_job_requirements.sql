select
    agency_id,
    try_cast(snapshot_date as date) as snapshot_date,
    job_id,
    job_name,
    sub_job_id,
    sub_job_name,
    try_cast(required_count as integer) as required_count,
    _flags as flags
from {{ source('inputs', 'job_requirements') }}
