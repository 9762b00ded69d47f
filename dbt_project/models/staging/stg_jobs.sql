select
    agency_id,
    try_cast(snapshot_date as date) as snapshot_date,
    job_id,
    job_name,
    job_kind,
    job_level,
    -- The national job list writes 0 where the retirement age is missing.
    nullif(try_cast(bup_age as integer), 0) as bup_age,
    job_family,
    _flags as flags
from {{ source('inputs', 'jobs') }}
