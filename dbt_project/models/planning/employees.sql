with main_posts as (
    select * from {{ ref('int_assignments') }}
    where is_main_post
)

select
    employees.agency_id,
    employees.person_id,
    employees.pseudonym,
    -- Whose identity was erased is counted and no longer named.
    case when employees.pseudonym is not null then employees.nip end as nip,
    case when employees.pseudonym is not null then employees.employee_name end as employee_name,
    case when employees.pseudonym is not null then employees.birth_date end as birth_date,
    agencies.agency_name,
    employees.employment_status,
    employees.legal_status_code,
    legal_statuses.legal_status_name,
    employees.is_active,
    employees.is_at_work,
    employees.golongan_code,
    golongan.golongan_name,
    employees.golongan_since,
    employees.tmt_cpns,
    employees.tmt_pns,
    employees.education_level_code,
    education_levels.education_level_name,
    employees.education_field,
    employees.certified_sub_job,
    employees.home_district_code,
    main_posts.unit_id,
    units.unit_name,
    main_posts.position_id,
    positions.job_id,
    positions.job_name,
    positions.job_kind,
    main_posts.assignment_type,
    main_posts.assigned_from,
    employees.flags,
    employees.snapshot_date
from {{ ref('int_people') }} as employees
left join {{ ref('dim_agency') }} as agencies on employees.agency_id = agencies.agency_id
left join {{ ref('legal_statuses') }} as legal_statuses on employees.legal_status_code = legal_statuses.legal_status_code
left join {{ ref('golongan') }} as golongan on employees.golongan_code = golongan.golongan_code
left join {{ ref('education_levels') }} as education_levels
    on employees.education_level_code = education_levels.education_level_code
left join main_posts on employees.agency_id = main_posts.agency_id and employees.person_id = main_posts.person_id
left join {{ ref('dim_unit') }} as units on main_posts.agency_id = units.agency_id and main_posts.unit_id = units.unit_id
left join {{ ref('dim_position') }} as positions
    on
        main_posts.agency_id = positions.agency_id
        and main_posts.unit_id = positions.unit_id
        and main_posts.position_id = positions.position_id
