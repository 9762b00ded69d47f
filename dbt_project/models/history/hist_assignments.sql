with changes as (
    select
        agency_id,
        nip,
        unit_id,
        position_id,
        assignment_type,
        -- The source's own dates are part of the row; validity of the record is told by the file's day.
        try_cast(valid_from as date) as assigned_from,
        try_cast(valid_to as date) as assigned_to,
        try_cast(fte as double) as fte,
        work_agency_code,
        _change as change,
        _recorded_on as recorded_on
    from {{ source('changes', 'assignments') }}
),

dated as (
    select
        agency_id,
        nip,
        unit_id,
        position_id,
        assignment_type,
        assigned_from,
        assigned_to,
        fte,
        work_agency_code,
        change,
        recorded_on as valid_from
    from changes
),

{{ intervals('dated', ['agency_id', 'nip', 'unit_id', 'position_id', 'assignment_type', 'assigned_from']) }},

identities as (
    select * from {{ ref('stg_identities') }}
)

select
    intervals.agency_id,
    identities.person_id,
    intervals.unit_id,
    intervals.position_id,
    intervals.assignment_type,
    intervals.assigned_from,
    intervals.assigned_to,
    intervals.fte,
    intervals.work_agency_code,
    intervals.valid_from,
    intervals.valid_to,
    intervals.valid_to is null as is_current
from intervals
left join identities on intervals.agency_id = identities.agency_id and intervals.nip = identities.nip
where intervals.change <> 'deleted'
