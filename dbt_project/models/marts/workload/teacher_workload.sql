with rules as (
    select * from {{ ref('int_rules') }}
),

teachers as (
    select
        positions.agency_id,
        positions.unit_id,
        lower(positions.sub_job) as sub_job_key,
        sum({{ exact('workload.staff_fte') }}) as staff_fte,
        bool_or(workload.is_under_review) as is_under_review,
        cast(count(*) as integer) as position_count
    from {{ ref('dim_position') }} as positions
    inner join {{ ref('position_workload') }} as workload
        on
            positions.agency_id = workload.agency_id
            and positions.unit_id = workload.unit_id
            and positions.position_id = workload.position_id
    where positions.sub_job is not null and positions.job_kind = 'jf'
    group by positions.agency_id, positions.unit_id, lower(positions.sub_job)
),

measured as (
    select
        teaching.agency_id,
        teaching.unit_id,
        teaching.sub_job,
        teaching.school_year,
        teaching.class_count,
        teaching.weekly_hours,
        teaching.need_fte,
        teaching.need_rounded,
        coalesce(teachers.position_count, 0) as position_count,
        case when teachers.position_count is null then 0 else cast(teachers.staff_fte as double) end as staff_fte,
        coalesce(teachers.is_under_review, false) as is_under_review,
        today.as_of
    from {{ ref('int_teaching_need') }} as teaching
    cross join {{ ref('int_as_of') }} as today
    left join teachers
        on
            teaching.agency_id = teachers.agency_id
            and teaching.unit_id = teachers.unit_id
            and teaching.sub_job_key = teachers.sub_job_key
    where teaching.is_newest
),

compared as (
    select
        measured.*,
        {{ ratio('measured.weekly_hours', 'measured.staff_fte') }} as hours_per_teacher
    from measured
)

select
    compared.agency_id,
    compared.unit_id,
    compared.sub_job,
    compared.school_year,
    compared.class_count,
    compared.weekly_hours,
    compared.need_fte,
    compared.need_rounded,
    compared.staff_fte,
    compared.hours_per_teacher,
    {{ above_zero('compared.need_fte - compared.staff_fte') }} as shortage_fte,
    {{ above_zero('compared.staff_fte - compared.need_fte') }} as surplus_fte,
    case
        when compared.staff_fte is null then 'STAFF_UNKNOWN'
        when compared.staff_fte = 0 and compared.need_rounded > 0 then 'NO_TEACHER'
        when compared.hours_per_teacher > rules.teacher_overload_hours then 'OVERLOAD'
        when compared.staff_fte > compared.need_rounded then 'SURPLUS'
        when compared.staff_fte < compared.need_rounded then 'SHORTAGE'
        -- Too few hours for everybody, but nobody to spare: a second school, not a move.
        when compared.hours_per_teacher < rules.teacher_hours_per_week then 'BELOW_HOURS'
        else 'BALANCED'
    end as teaching_state,
    compared.position_count,
    compared.is_under_review,
    compared.as_of
from compared
left join rules on compared.agency_id = rules.agency_id
