with rules as (
    select * from {{ ref('int_rules') }}
),

staff as (
    select
        agency_id,
        unit_id,
        position_id,
        staff_fte
    from {{ ref('int_staff') }}
),

non_asn as (
    select
        agency_id,
        unit_id,
        position_id,
        cast(sum(headcount) as integer) as staff_non_asn
    from {{ ref('stg_non_asn_counts') }}
    group by agency_id, unit_id, position_id
),

-- An agency that has sent no assignments has unknown staff, not none.
known_staff as (
    select distinct agency_id
    from staff
),

subjects_under_review as (
    {{ subjects_under_review() }}
),

posts as (
    select
        agency_id,
        unit_id,
        position_id
    from {{ ref('dim_position') }}
    union
    select
        agency_id,
        unit_id,
        position_id
    from {{ ref('int_need') }}
    union
    select
        agency_id,
        unit_id,
        position_id
    from staff
    where staff_fte > 0
    union
    select
        agency_id,
        unit_id,
        position_id
    from non_asn
),

measured as (
    select
        posts.agency_id,
        posts.unit_id,
        posts.position_id,
        today.as_of,
        today.as_of_year,
        positions.job_name,
        positions.job_kind,
        positions.position_id is not null as is_in_establishment,
        review.position_id is not null
        -- Teachers of a subject share its need.
        or coalesce(need.method = 'guru' and subjects.sub_job_key is not null, false) as is_under_review,
        need.method,
        need.abk_year,
        need.need_fte,
        need.need_rounded,
        need.available_hours,
        need.category_factor,
        need.individual_fte,
        need.temporary_need_fte,
        need.temporary_from,
        need.temporary_to,
        need.volume_growth_pct,
        coalesce(need.has_volume_jump, false) as has_volume_jump,
        coalesce(need.has_identical_sheet, false) as has_identical_sheet,
        coalesce(need.tasks_without_figure > 0, false) as has_incomplete_abk,
        case when known_staff.agency_id is not null then coalesce(staff.staff_fte, 0) end as staff_fte,
        coalesce(non_asn.staff_non_asn, 0) as staff_non_asn
    from posts
    cross join {{ ref('int_as_of') }} as today
    left join {{ ref('dim_position') }} as positions
        on
            posts.agency_id = positions.agency_id
            and posts.unit_id = positions.unit_id
            and posts.position_id = positions.position_id
    left join {{ ref('int_need') }} as need
        on posts.agency_id = need.agency_id and posts.unit_id = need.unit_id and posts.position_id = need.position_id
    left join staff
        on posts.agency_id = staff.agency_id and posts.unit_id = staff.unit_id and posts.position_id = staff.position_id
    left join non_asn
        on
            posts.agency_id = non_asn.agency_id
            and posts.unit_id = non_asn.unit_id
            and posts.position_id = non_asn.position_id
    left join known_staff on posts.agency_id = known_staff.agency_id
    left join {{ ref('int_posts_under_review') }} as review
        on
            posts.agency_id = review.agency_id
            and posts.unit_id = review.unit_id
            and posts.position_id = review.position_id
    left join subjects_under_review as subjects
        on
            posts.agency_id = subjects.agency_id
            and posts.unit_id = subjects.unit_id
            and lower(positions.sub_job) = subjects.sub_job_key
),

compared as (
    select
        measured.*,
        {{ ratio('need_fte', 'staff_fte') }} as pressure,
        {{ ratio('need_fte', 'staff_fte + staff_non_asn') }} as pressure_with_non_asn,
        -- EJ is load over staff, WISN is staff over need: the inverse. Each stands in a column of its own, for its own method.
        case when method = 'abk' then cast({{ round_half_up(ratio('need_fte', 'staff_fte'), 2) }} as double) end as ej,
        case when method in ('wisn', 'abk_kes', 'kes81') then {{ ratio('staff_fte', 'need_fte') }} end as wisn_ratio
    from measured
)

select
    compared.agency_id,
    compared.unit_id,
    compared.position_id,
    compared.as_of_year as year,
    compared.job_name,
    compared.job_kind,
    compared.method,
    compared.need_fte,
    compared.need_rounded,
    compared.staff_fte,
    compared.staff_non_asn,
    compared.pressure,
    compared.pressure_with_non_asn,
    {{ above_zero('compared.need_fte - compared.staff_fte') }} as shortage_fte,
    -- The need of an incomplete sheet is a lower bound: it can prove a shortage, never a surplus.
    case
        when not compared.has_incomplete_abk then {{ above_zero('compared.staff_fte - compared.need_fte') }}
    end as surplus_fte,
    {{ above_zero('compared.need_fte - compared.staff_fte - compared.staff_non_asn') }} as shortage_with_non_asn_fte,
    compared.ej,
    {{ ej_grade('compared.ej') }} as pj,
    compared.wisn_ratio,
    case when compared.method in ('wisn', 'abk_kes', 'kes81') then compared.staff_fte - compared.need_fte end
        as wisn_difference_fte,
    cast({{ exact('100 * (1 - compared.wisn_ratio)') }} as double) as wisn_pressure_pct,
    compared.available_hours,
    compared.category_factor,
    compared.individual_fte,
    {{ load_state('compared.need_fte', 'compared.staff_fte') }} as load_state,
    case
        when compared.need_fte is null then 'NO_ABK'
        when compared.staff_fte is null then 'STAFF_UNKNOWN'
        when compared.staff_fte = 0 then 'NO_STAFF'
    end as ratio_reason,
    compared.abk_year,
    compared.as_of_year - compared.abk_year as abk_age_years,
    compared.need_fte is not null as has_final_abk,
    coalesce(compared.as_of_year - compared.abk_year > rules.abk_old_years, false) as has_old_abk,
    compared.volume_growth_pct,
    compared.has_volume_jump,
    compared.has_identical_sheet,
    coalesce(compared.need_fte > rules.abk_doubtful_ratio * nullif(compared.staff_fte, 0), false) as has_doubtful_abk,
    compared.has_incomplete_abk,
    compared.temporary_need_fte,
    compared.temporary_from,
    compared.temporary_to,
    compared.is_in_establishment,
    compared.is_under_review,
    compared.as_of
from compared
left join rules on compared.agency_id = rules.agency_id
