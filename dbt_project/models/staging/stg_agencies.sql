select
    agency_id,
    agency_name,
    agency_kind,
    bkn_code,
    kemendagri_code,
    bps_code,
    owner_unit,
    try_cast(data_as_of as date) as data_as_of,
    try_cast(is_stale as boolean) as is_stale,
    try_cast(as_of as date) as as_of
from {{ source('inputs', 'agencies') }}
