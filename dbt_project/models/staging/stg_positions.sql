{# A view: one model alone reads all of it. #}
{{ config(materialized='view') }}
with {{ clashing(source('inputs', 'positions'), ['position_id']) }}

select
    positions.agency_id,
    try_cast(positions.snapshot_date as date) as snapshot_date,
    case
        when clashing.agency_id is null then coalesce(moved.current_unit_id, positions.unit_id) else positions.unit_id
    end as unit_id,
    positions.position_id,
    positions.job_id,
    positions.job_name,
    positions.job_kind,
    positions.job_level,
    positions.sub_job,
    try_cast(positions.job_class as integer) as job_class,
    positions.job_family,
    positions.min_education_code,
    positions.golongan_min,
    positions.golongan_max,
    nullif(try_cast(positions.bup_age as integer), 0) as bup_age,
    try_cast(positions.establishment_approved as integer) as establishment_approved,
    coalesce(try_cast(positions.is_critical as boolean), false) as is_critical,
    nullif(trim(positions.critical_decree), '') is not null as has_critical_decree,
    positions._flags as flags
from {{ source('inputs', 'positions') }} as positions
left join {{ ref('stg_current_units') }} as moved
    on positions.agency_id = moved.agency_id and positions.unit_id = moved.unit_id
left join clashing
    on
        positions.agency_id = clashing.agency_id
        and positions.unit_id = clashing.unit_id
        and positions.position_id = clashing.position_id
