{# The one need of each post: teachers by their own method where the school's classes are known, everybody else by the newest
final sheet. A subject's need belongs to no level: higher levels keep their holders, the lowest level gets what is left. #}
with ranked_sheets as (
    select
        sheets.*,
        row_number() over (
            partition by sheets.agency_id, sheets.unit_id, sheets.position_id
            order by
                case when sheets.is_newest then 0 else 1 end,
                sheets.abk_year desc,
                case sheets.method when 'wisn' then 1 when 'abk_kes' then 2 when 'kes81' then 3 else 4 end
        ) as precedence,
        max(sheets.temporary_need_fte) over same_post as needed_for_a_time_fte,
        min(case when sheets.temporary_need_fte > 0 then sheets.temporary_from end) over same_post as needed_for_a_time_from,
        max(case when sheets.temporary_need_fte > 0 then sheets.temporary_to end) over same_post as needed_for_a_time_to
    from {{ ref('int_sheet_needs') }} as sheets
    window same_post as (partition by sheets.agency_id, sheets.unit_id, sheets.position_id)
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
    select sheets.*
    from ranked_sheets as sheets
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
    needed_for_a_time_from as temporary_from,
    needed_for_a_time_to as temporary_to,
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
