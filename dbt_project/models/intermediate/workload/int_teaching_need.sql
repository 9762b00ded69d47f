{# Need per school and subject from its classes: one teacher a class for class teachers, hours over the week's hours for
subjects, with the published table of rounding (dated rows; an agency's own table goes before the general one). #}
with loads as (
    select
        loads.agency_id,
        loads.unit_id,
        lower(loads.sub_job) as sub_job_key,
        min(loads.sub_job) as sub_job,
        loads.school_year,
        max(loads.school_year) over (partition by loads.agency_id, loads.unit_id) as newest_year,
        sum(loads.class_count) as class_count,
        sum(case when loads.teacher_kind = 'class' then loads.class_count end) as kept_classes,
        sum(
            case when loads.teacher_kind = 'subject' then {{ exact('loads.class_count * loads.hours_per_week') }} end
        ) as weekly_hours
    from {{ ref('stg_teaching_loads') }} as loads
    cross join {{ ref('int_as_of') }} as today
    left join {{ ref('int_rules') }} as rules on loads.agency_id = rules.agency_id
    where
        loads.school_year
        <= today.as_of_year - case when extract(month from today.as_of) < rules.school_year_first_month then 1 else 0 end
    group by loads.agency_id, loads.unit_id, lower(loads.sub_job), loads.school_year
),

needed as (
    select
        loads.*,
        coalesce(cast(loads.kept_classes as double), 0)
        + coalesce(cast(loads.weekly_hours as double) / rules.teacher_hours_per_week, 0) as need_fte
    from loads
    left join {{ ref('int_rules') }} as rules on loads.agency_id = rules.agency_id
    where loads.kept_classes is not null or loads.weekly_hours is not null
),

directions as (
    select
        needed.agency_id,
        needed.unit_id,
        needed.sub_job_key,
        needed.school_year,
        rounding.direction,
        row_number() over (
            partition by needed.agency_id, needed.unit_id, needed.sub_job_key, needed.school_year
            order by case when rounding.agency_id is null then 1 else 0 end, rounding.valid_from desc
        ) as precedence
    from needed
    cross join {{ ref('int_as_of') }} as today
    inner join {{ ref('teacher_rounding') }} as rounding
        on
            (rounding.agency_id is null or needed.agency_id = rounding.agency_id)
            and today.as_of >= rounding.valid_from
            and (rounding.valid_to is null or today.as_of <= rounding.valid_to)
            and cast(needed.need_fte as decimal(28, 6)) >= rounding.need_from
            and (rounding.need_below is null or cast(needed.need_fte as decimal(28, 6)) < rounding.need_below)
)

select
    needed.agency_id,
    needed.unit_id,
    needed.sub_job_key,
    needed.sub_job,
    needed.school_year,
    needed.school_year = needed.newest_year as is_newest,
    cast(needed.class_count as integer) as class_count,
    cast(needed.weekly_hours as double) as weekly_hours,
    needed.need_fte,
    cast(
        case directions.direction
            when 'up' then ceil(cast(needed.need_fte as decimal(28, 6)))
            when 'down' then floor(cast(needed.need_fte as decimal(28, 6)))
        end as integer
    ) as need_rounded
from needed
left join directions
    on
        needed.agency_id = directions.agency_id
        and needed.unit_id = directions.unit_id
        and needed.sub_job_key = directions.sub_job_key
        and needed.school_year = directions.school_year
        and directions.precedence = 1
