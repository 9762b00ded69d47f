{# The one need of each post: teachers by their own method where the school's classes are known, everybody else by the newest
final sheet. A subject's need belongs to no level: higher levels keep their holders, the lowest level gets what is left. #}
with newest as (
    select * from {{ ref('int_sheet_needs') }}
    where is_newest
),

-- Few posts have sheets by several methods: only those are put in order.
several as (
    select
        agency_id,
        unit_id,
        position_id
    from newest
    group by agency_id, unit_id, position_id
    having count(*) > 1
),

ranked_sheets as (
    select
        newest.*,
        row_number() over (
            partition by newest.agency_id, newest.unit_id, newest.position_id
            order by
                newest.abk_year desc,
                case newest.method when 'wisn' then 1 when 'abk_kes' then 2 when 'kes81' then 3 else 4 end
        ) as precedence
    from newest
    inner join several
        on newest.agency_id = several.agency_id and newest.unit_id = several.unit_id and newest.position_id = several.position_id
    union all
    select
        newest.*,
        1 as precedence
    from newest
    left join several
        on newest.agency_id = several.agency_id and newest.unit_id = several.unit_id and newest.position_id = several.position_id
    where several.agency_id is null
),

needed_for_a_time as (
    select
        agency_id,
        unit_id,
        position_id,
        max(temporary_need_fte) as need_fte,
        min(case when temporary_need_fte > 0 then temporary_from end) as needed_from,
        max(case when temporary_need_fte > 0 then temporary_to end) as needed_to
    from {{ ref('int_sheet_needs') }}
    where temporary_need_fte is not null
    group by agency_id, unit_id, position_id
),

teaching_posts as (
    select
        teaching.agency_id,
        teaching.unit_id,
        positions.position_id,
        teaching.sub_job_key,
        teaching.school_year,
        teaching.need_fte,
        teaching.need_rounded,
        coalesce(holders.holders_definitive, 0) as holders_definitive,
        row_number() over same_subject as lowest_first,
        coalesce(
            sum(coalesce(holders.holders_definitive, 0)) over (
                partition by teaching.agency_id, teaching.unit_id, teaching.sub_job_key
                order by coalesce(levels.level_order, 0) desc, positions.position_id desc
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as holders_above
    from {{ ref('int_teaching_need') }} as teaching
    inner join {{ ref('dim_position') }} as positions
        on
            teaching.agency_id = positions.agency_id
            and teaching.unit_id = positions.unit_id
            and teaching.sub_job_key = lower(positions.sub_job)
            and positions.job_kind = 'jf'
    left join {{ ref('job_levels') }} as levels on positions.job_level = levels.job_level
    left join {{ ref('int_staff') }} as holders
        on
            positions.agency_id = holders.agency_id
            and positions.unit_id = holders.unit_id
            and positions.position_id = holders.position_id
    where teaching.is_newest
    window same_subject as (
        partition by teaching.agency_id, teaching.unit_id, teaching.sub_job_key
        order by coalesce(levels.level_order, 0), positions.position_id
    )
),

by_classes as (
    select
        agency_id,
        unit_id,
        position_id,
        'guru' as method,
        school_year as abk_year,
        case
            when lowest_first = 1 then greatest(need_fte - holders_above, 0)
            else least(greatest(need_fte - holders_above, 0), holders_definitive)
        end as need_fte,
        cast(
            case
                when lowest_first = 1 then greatest(need_rounded - holders_above, 0)
                else least(greatest(need_rounded - holders_above, 0), holders_definitive)
            end as integer
        ) as need_rounded
    from teaching_posts
),

by_sheet as (
    select
        sheets.*,
        needed_for_a_time.need_fte as needed_for_a_time_fte,
        needed_for_a_time.needed_from,
        needed_for_a_time.needed_to
    from ranked_sheets as sheets
    left join needed_for_a_time
        on
            sheets.agency_id = needed_for_a_time.agency_id
            and sheets.unit_id = needed_for_a_time.unit_id
            and sheets.position_id = needed_for_a_time.position_id
    left join by_classes
        on
            sheets.agency_id = by_classes.agency_id
            and sheets.unit_id = by_classes.unit_id
            and sheets.position_id = by_classes.position_id
    where sheets.precedence = 1 and by_classes.position_id is null
)

select
    agency_id,
    unit_id,
    position_id,
    method,
    abk_year,
    need_fte,
    need_rounded,
    minimum_one_adds,
    service_need_fte,
    category_factor,
    individual_fte,
    available_hours,
    needed_for_a_time_fte as temporary_need_fte,
    needed_from as temporary_from,
    needed_to as temporary_to,
    task_count,
    tasks_without_figure,
    volume_growth_pct,
    has_volume_jump,
    has_identical_sheet
from by_sheet
union all
select
    agency_id,
    unit_id,
    position_id,
    method,
    abk_year,
    cast(need_fte as double) as need_fte,
    need_rounded,
    0 as minimum_one_adds,
    cast(null as double) as service_need_fte,
    cast(null as double) as category_factor,
    cast(null as double) as individual_fte,
    cast(null as double) as available_hours,
    cast(null as double) as temporary_need_fte,
    cast(null as date) as temporary_from,
    cast(null as date) as temporary_to,
    0 as task_count,
    0 as tasks_without_figure,
    cast(null as double) as volume_growth_pct,
    false as has_volume_jump,
    false as has_identical_sheet
from by_classes
