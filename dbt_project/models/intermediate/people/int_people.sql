{# A view over the employees: what it adds costs less than a table of its own and a join with it. #}
{{ config(materialized='view') }}
with employees as (
    select * from {{ ref('stg_employees') }}
),

rules as (
    select * from {{ ref('int_rules') }}
)

select
    employees.*,
    -- An unreadable or unknown status is a defect of the record, not the absence of the person.
    coalesce(legal_statuses.is_active_employee, true) as is_active,
    coalesce(legal_statuses.is_present, true) and coalesce(legal_statuses.is_active_employee, true) as is_at_work,
    case when employment_statuses.is_part_time then rules.pppk_part_time_fte else 1 end as full_share_fte
from employees
left join {{ ref('legal_statuses') }} as legal_statuses on employees.legal_status_code = legal_statuses.legal_status_code
left join {{ ref('employment_statuses') }} as employment_statuses
    on employees.employment_status = employment_statuses.employment_status
left join rules on employees.agency_id = rules.agency_id
