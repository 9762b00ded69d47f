select
    agencies.agency_id,
    agencies.agency_name,
    agencies.agency_kind,
    agencies.bkn_code,
    agencies.kemendagri_code,
    agencies.bps_code,
    agencies.owner_unit,
    agencies.data_as_of,
    coalesce(agencies.is_stale, false) as is_stale,
    cast({{ days_from('agencies.data_as_of', 'today.as_of') }} as integer) as data_age_days,
    today.as_of
from {{ ref('stg_agencies') }} as agencies
cross join {{ ref('int_as_of') }} as today
