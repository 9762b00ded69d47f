with today as (
    select * from {{ ref('int_as_of') }}
),

vacancies as (
    select *
    from {{ ref('vacancies') }}
    where scope = 'post'
),

staff as (
    select
        agency_id,
        unit_id,
        position_id,
        staff_fte
    from {{ ref('position_workload') }}
),

-- They hold their seat, whoever proposed them.
going as (
    {{ moves_under_way() }}
),

-- Who is on the way out no longer counts for the need at home, wherever the move goes.
leaving as (
    select
        duties.agency_id,
        duties.unit_id,
        duties.position_id,
        count(distinct duties.person_id) as people_leaving
    from {{ ref('int_assignments') }} as duties
    where duties.is_definitive_holder and duties.person_id in (select going.person_id from going)
    group by duties.agency_id, duties.unit_id, duties.position_id
),

committed as (
    select
        going.agency_id,
        going.unit_id,
        going.position_id,
        count(distinct going.person_id) as people_coming
    from going
    where going.is_post_ours
    group by going.agency_id, going.unit_id, going.position_id
),

equivalents as (
    {{ job_equivalents() }}
),

route_scopes as (
    select
        units.agency_id,
        units.unit_id,
        min(routes.route_code) as unit_route_code
    from {{ ref('dim_unit') }} as units
    cross join today
    inner join {{ ref('route_rules') }} as routes
        on
            (routes.unit_type is not null and units.unit_type = routes.unit_type)
            or (routes.unit_name is not null and lower(units.unit_path) like '%' || routes.unit_name || '%')
    where routes.valid_from <= today.as_of and coalesce(routes.valid_to >= today.as_of, true)
    group by units.agency_id, units.unit_id
),

posts as (
    select
        positions.*,
        coalesce(equivalents.job_id, positions.job_id) as present_job_id,
        coalesce(equivalents.job_family, positions.job_family) as present_job_family,
        coalesce(positions.min_education_code, equivalents.min_education_code) as present_min_education_code,
        units.region_code,
        units.latitude,
        units.longitude,
        units.unit_name,
        units.is_active as is_unit_active,
        route_scopes.unit_route_code,
        vacancies.need_fte,
        -- The need of an incomplete sheet is a lower bound: nobody is free to leave by it.
        case when coalesce(vacancies.status_reason, '') <> 'INCOMPLETE_ABK' then vacancies.need_rounded end as need_seats,
        vacancies.holders_definitive,
        vacancies.status,
        vacancies.status_reason,
        vacancies.abk_year,
        vacancies.is_critical as is_critical_vacancy,
        staff.staff_fte,
        coalesce(committed.people_coming, 0) as people_coming,
        coalesce(leaving.people_leaving, 0) as people_leaving,
        coalesce(
            vacancies.open_seats + coalesce(vacancies.committed_seats, 0)
            - greatest(coalesce(vacancies.committed_seats, 0), coalesce(committed.people_coming, 0)), 0
        ) as seats_left
    from {{ ref('dim_position') }} as positions
    left join {{ ref('dim_unit') }} as units on positions.agency_id = units.agency_id and positions.unit_id = units.unit_id
    left join vacancies
        on
            positions.agency_id = vacancies.agency_id
            and positions.unit_id = vacancies.unit_id
            and positions.position_id = vacancies.position_id
    left join staff
        on
            positions.agency_id = staff.agency_id
            and positions.unit_id = staff.unit_id
            and positions.position_id = staff.position_id
    left join committed
        on
            positions.agency_id = committed.agency_id
            and positions.unit_id = committed.unit_id
            and positions.position_id = committed.position_id
    left join leaving
        on
            positions.agency_id = leaving.agency_id
            and positions.unit_id = leaving.unit_id
            and positions.position_id = leaving.position_id
    left join equivalents on positions.agency_id = equivalents.agency_id and positions.job_id = equivalents.legacy_job_id
    left join route_scopes on positions.agency_id = route_scopes.agency_id and positions.unit_id = route_scopes.unit_id
),

stated as (
    select
        posts.*,
        case
            when is_unit_active is null or not is_unit_active then 'review'
            when status = 'REVIEW' then 'review'
            when need_seats is null or status = 'UNKNOWN' then 'unknown'
            when seats_left > 0 then 'open'
            when holders_definitive - people_leaving > need_seats then 'surplus'
            else 'balanced'
        end as post_state
    from posts
)

select
    {{ post_id('stated') }} as post_id,
    agency_id,
    unit_id,
    position_id,
    unit_name,
    present_job_id as job_id,
    job_name,
    job_kind,
    job_level,
    sub_job,
    cast(job_class as bigint) as job_class,
    present_job_family as job_family,
    present_min_education_code as min_education_code,
    golongan_min,
    golongan_max,
    region_code,
    latitude,
    longitude,
    need_fte,
    cast(need_seats as bigint) as need_seats,
    cast(coalesce(holders_definitive, 0) as bigint) as staff_definitive,
    coalesce(staff_fte, 0) as staff_present_fte,
    cast(people_coming as bigint) as people_coming,
    cast(people_leaving as bigint) as people_leaving,
    cast(greatest(case when post_state = 'open' then seats_left else 0 end, 0) as bigint) as open_seats,
    cast(
        case
            when post_state in ('review', 'unknown') then 0
            -- Work is done by those who are there: who is on leave or works half the time does not free a colleague.
            else greatest(least(coalesce(holders_definitive, 0), floor(coalesce(staff_fte, 0))) - people_leaving - need_seats, 0)
        end as bigint
    ) as releasable,
    coalesce(is_critical_vacancy, false) as is_critical,
    cast(abk_year as bigint) as abk_year,
    unit_route_code,
    post_state as state,
    case
        when is_unit_active is null then 'UNIT_UNKNOWN'
        when not is_unit_active then 'UNIT_NOT_ACTIVE'
        when status_reason is not null then status_reason
        when post_state = 'balanced' and people_coming > 0 then 'SEATS_COMMITTED'
        when post_state = 'balanced' and need_seats > holders_definitive then 'NO_ESTABLISHMENT_LEFT'
    end as state_reason
from stated
