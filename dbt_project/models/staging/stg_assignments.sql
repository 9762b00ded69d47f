with assignments as (
    select * from {{ source('inputs', 'assignments') }}
),

employees as (
    select
        agency_id,
        nip,
        person_id
    from {{ ref('stg_employees') }}
)

select
    assignments.agency_id,
    try_cast(assignments.snapshot_date as date) as snapshot_date,
    employees.person_id,
    coalesce(moved.current_unit_id, assignments.unit_id) as unit_id,
    assignments.position_id,
    assignments.assignment_type,
    try_cast(assignments.valid_from as date) as assigned_from,
    try_cast(assignments.valid_to as date) as assigned_to,
    try_cast(assignments.fte as double) as fte,
    assignments.work_agency_code,
    assignments._flags as flags
from assignments
left join employees on assignments.agency_id = employees.agency_id and assignments.nip = employees.nip
left join {{ ref('stg_current_units') }} as moved
    on assignments.agency_id = moved.agency_id and assignments.unit_id = moved.unit_id
