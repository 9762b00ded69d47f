with employees as (
    select * from {{ source('inputs', 'employees') }}
),

identities as (
    select * from {{ source('inputs', 'identities') }}
)

select
    employees.agency_id,
    try_cast(employees.snapshot_date as date) as snapshot_date,
    employees.nip,
    -- An erased identity leaves a person who is counted but can no longer be named.
    coalesce(identities.person_id, 'row-' || employees.agency_id || '-' || try_cast(employees._row_id as string)) as person_id,
    identities.pseudonym,
    employees.employee_name,
    try_cast(employees.birth_date as date) as birth_date,
    -- For aggregate figures alone; no model that says anything about one person may read it.
    employees.sex,
    employees.employment_status,
    employees.legal_status_code,
    employees.golongan_code,
    try_cast(employees.golongan_since as date) as golongan_since,
    try_cast(employees.tmt_cpns as date) as tmt_cpns,
    try_cast(employees.tmt_pns as date) as tmt_pns,
    employees.education_level_code,
    employees.education_field,
    employees.certified_sub_job,
    employees.home_district_code,
    employees._flags as flags
from employees
left join identities on employees.agency_id = identities.agency_id and employees.nip = identities.nip
