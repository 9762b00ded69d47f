{# Read by one model only, so it is folded into it and costs the night nothing. #}
{{ config(materialized='ephemeral') }}
select
    leavers.agency_id,
    employees.person_id,
    try_cast(leavers.leaves_on as date) as leaves_on,
    leavers.leave_reason
from {{ source('inputs', 'planned_leavers') }} as leavers
inner join {{ ref('stg_employees') }} as employees
    on leavers.agency_id = employees.agency_id and leavers.nip = employees.nip
