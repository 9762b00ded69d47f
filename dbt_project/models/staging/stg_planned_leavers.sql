{{ config(materialized='view') }}
select
    leavers.agency_id,
    employees.person_id,
    try_cast(leavers.leaves_on as date) as leaves_on,
    leavers.leave_reason
from {{ source('inputs', 'planned_leavers') }} as leavers
inner join {{ ref('stg_employees') }} as employees
    on leavers.agency_id = employees.agency_id and leavers.nip = employees.nip
