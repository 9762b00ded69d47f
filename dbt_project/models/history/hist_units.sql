with changes as (
    select
        agency_id,
        unit_id,
        parent_unit_id,
        unit_name,
        unit_type,
        region_code,
        region_code_system,
        try_cast(is_active as boolean) as is_active,
        _change as change,
        _recorded_on as valid_from
    from {{ source('changes', 'units') }}
),

{{ intervals('changes', ['agency_id', 'unit_id']) }}

select
    agency_id,
    unit_id,
    parent_unit_id,
    unit_name,
    unit_type,
    region_code,
    region_code_system,
    is_active,
    valid_from,
    valid_to,
    valid_to is null as is_current
from intervals
where change <> 'deleted'
