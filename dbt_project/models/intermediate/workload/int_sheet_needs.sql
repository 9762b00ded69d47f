{#
Need of every final sheet, by the method that the sheet names. The methods differ in what a year of work is divided by and in
what happens to allowances, so each sheet keeps to one:

    abk      minutes / effective minutes (PermenPANRB 1/2020)
    abk_kes  hours / available hours × 1/(1 − allowances)                       (Permenkes 33/2015)
    wisn     the same, plus individual allowances in hours / available hours    (WHO)
    kes81    hours / available hours + allowances, added once                   (Kepmenkes 81/2004)

Work that is needed for a time only stands beside the need and never in it.
#}
with tasks as (
    select
        workloads.agency_id,
        workloads.unit_id,
        workloads.position_id,
        workloads.method,
        workloads.abk_year,
        workloads.task_id,
        workloads.activity_class,
        workloads.allowance_pct,
        workloads.allowance_hours,
        workloads.minutes_per_unit,
        workloads.needed_from,
        workloads.needed_to,
        workloads.needed_from is not null or workloads.needed_to is not null as is_temporary,
        case
            when workloads.volume >= 0
                then
                    workloads.volume
                    * case workloads.volume_period
                        when 'year' then rules.abk_period_factor_year
                        when 'month' then rules.abk_period_factor_month
                        when 'week' then rules.abk_period_factor_week
                        when 'day' then rules.abk_period_factor_day
                    end
        end as yearly_volume
    from {{ ref('stg_workloads') }} as workloads
    cross join {{ ref('int_as_of') }} as today
    left join {{ ref('int_rules') }} as rules on workloads.agency_id = rules.agency_id
    where workloads.status = 'final' and workloads.abk_year <= today.as_of_year
),

measured as (
    select
        tasks.*,
        case when minutes_per_unit >= 0 then yearly_volume * minutes_per_unit end as task_minutes
    from tasks
),

-- Few posts have sheets of several years by one method: only those are compared and put in order, by a number that is shorter
-- than their keys.
several as (
    select
        agency_id,
        unit_id,
        position_id,
        method,
        row_number() over (order by agency_id) as series
    from tasks
    group by agency_id, unit_id, position_id, method
    having min(abk_year) < max(abk_year)
),

compared as (
    select
        several.series,
        tasks.abk_year,
        tasks.yearly_volume,
        lag(tasks.yearly_volume) over same_task as earlier_volume,
        lag(tasks.abk_year) over same_task as earlier_year
    from tasks
    inner join several
        on
            tasks.agency_id = several.agency_id
            and tasks.unit_id = several.unit_id
            and tasks.position_id = several.position_id
            and tasks.method = several.method
    window same_task as (
        partition by several.series, tasks.task_id
        order by tasks.abk_year
    )
),

-- Growth per year of the task that grew most; a leap needs a reason before anybody builds on it.
grown as (
    select
        series,
        abk_year,
        max({{ exact('100.0 * (yearly_volume / earlier_volume - 1) / (abk_year - earlier_year)') }}) as volume_growth_pct
    from compared
    where earlier_volume > 0 and abk_year > earlier_year
    group by series, abk_year
),

sheets as (
    select
        agency_id,
        unit_id,
        position_id,
        method,
        abk_year,
        sum(case when activity_class = 'service' and not is_temporary then {{ exact('task_minutes') }} end) as service_minutes,
        sum(
            case
                when
                    activity_class = 'service' and is_temporary
                    and coalesce(needed_to >= (select as_of from {{ ref('int_as_of') }}), true)
                    then {{ exact('task_minutes') }}
            end
        ) as temporary_minutes,
        min(needed_from) as temporary_from,
        max(needed_to) as temporary_to,
        coalesce(sum(case when activity_class = 'category' then {{ exact('allowance_pct') }} end), 0) as allowance_pct,
        coalesce(sum(case when activity_class = 'individual' then {{ exact('allowance_hours') }} end), 0) as allowance_hours,
        sum(case when activity_class = 'service' and not is_temporary then 1 else 0 end) as task_count,
        sum(
            case when activity_class = 'service' and not is_temporary and task_minutes is null then 1 else 0 end
        ) as tasks_without_figure,
        -- Equal in sheets with the same tasks, in whatever order or under whatever names.
        {{ mark_of_rows(['yearly_volume', 'minutes_per_unit']) }} as content_mark
    from measured
    group by agency_id, unit_id, position_id, method, abk_year
),

ordered as (
    select
        sheets.agency_id,
        sheets.unit_id,
        sheets.position_id,
        sheets.method,
        sheets.abk_year,
        -- A sheet with work for a time only does not replace the one with the permanent work.
        coalesce(
            max(case when sheets.task_count > 0 then sheets.abk_year end) over same_post,
            max(sheets.abk_year) over same_post
        ) as newest_year,
        min(case when sheets.task_count > 0 then sheets.abk_year end) over (
            partition by several.series
            order by sheets.abk_year rows between 1 following and unbounded following
        ) as replaced_in,
        grown.volume_growth_pct
    from sheets
    inner join several
        on
            sheets.agency_id = several.agency_id
            and sheets.unit_id = several.unit_id
            and sheets.position_id = several.position_id
            and sheets.method = several.method
    left join grown on several.series = grown.series and sheets.abk_year = grown.abk_year
    window same_post as (partition by several.series)
),

repeated as (
    select
        agency_id,
        abk_year,
        content_mark,
        count(*) as sheets_of_content
    from sheets
    group by agency_id, abk_year, content_mark
    having count(*) > 1
),

dated as (
    select
        sheets.*,
        ordered.volume_growth_pct,
        coalesce(repeated.sheets_of_content, 1) as sheets_of_content,
        coalesce(ordered.newest_year, sheets.abk_year) as newest_year,
        ordered.replaced_in
    from sheets
    left join ordered
        on
            sheets.agency_id = ordered.agency_id
            and sheets.unit_id = ordered.unit_id
            and sheets.position_id = ordered.position_id
            and sheets.method = ordered.method
            and sheets.abk_year = ordered.abk_year
    left join repeated
        on
            sheets.agency_id = repeated.agency_id
            and sheets.abk_year = repeated.abk_year
            and sheets.content_mark = repeated.content_mark
),

-- The nearest row of the working-time parameters: cadre and unit type before cadre before unit type before the general one.
parameters as (
    select
        dated.agency_id,
        dated.unit_id,
        dated.position_id,
        dated.method,
        dated.abk_year,
        parameters.available_hours,
        row_number() over (
            partition by dated.agency_id, dated.unit_id, dated.position_id, dated.method, dated.abk_year
            order by
                case when parameters.cadre_key is null then 1 else 0 end,
                case when parameters.unit_type is null then 1 else 0 end,
                parameters.first_year desc
        ) as precedence
    from dated
    inner join {{ ref('stg_work_time_parameters') }} as parameters
        on dated.agency_id = parameters.agency_id and dated.abk_year >= parameters.first_year
    left join {{ ref('dim_position') }} as positions
        on
            dated.agency_id = positions.agency_id
            and dated.unit_id = positions.unit_id
            and dated.position_id = positions.position_id
    left join {{ ref('dim_unit') }} as units on dated.agency_id = units.agency_id and dated.unit_id = units.unit_id
    where
        dated.method <> 'abk'
        and (
            parameters.cadre_key is null
            or coalesce(parameters.cadre_key in (lower(positions.job_family), lower(positions.job_name)), false)
        )
        and (parameters.unit_type is null or coalesce(parameters.unit_type = units.unit_type, false))
),

timed as (
    select
        dated.*,
        rules.abk_rounding,
        rules.abk_minimum_one,
        rules.abk_identical_sheets,
        rules.abk_volume_jump_pct,
        case
            when dated.method = 'abk' then rules.abk_effective_minutes
            else 60.0 * coalesce(parameters.available_hours, rules.wisn_available_hours)
        end as available_minutes
    from dated
    left join {{ ref('int_rules') }} as rules on dated.agency_id = rules.agency_id
    left join parameters
        on
            dated.agency_id = parameters.agency_id
            and dated.unit_id = parameters.unit_id
            and dated.position_id = parameters.position_id
            and dated.method = parameters.method
            and dated.abk_year = parameters.abk_year
            and parameters.precedence = 1
),

factored as (
    select
        timed.*,
        cast(service_minutes as double) / nullif(available_minutes, 0) as service_need_fte,
        case
            when method in ('abk_kes', 'wisn') and allowance_pct < 100 then 1 / (1 - cast(allowance_pct as double) / 100)
        end as category_factor,
        case
            when method in ('wisn', 'kes81') then 60.0 * cast(allowance_hours as double) / nullif(available_minutes, 0)
        end as individual_fte
    from timed
),

needed as (
    select
        factored.*,
        case method
            when 'abk' then service_need_fte
            when 'abk_kes' then service_need_fte * category_factor
            when 'wisn' then service_need_fte * category_factor + individual_fte
            when 'kes81' then service_need_fte + cast(allowance_pct as double) / 100 + individual_fte
        end as need_fte
    from factored
),

rounded as (
    select
        needed.*,
        case abk_rounding
            when 'ceiling' then ceil(cast(need_fte as decimal(28, 6)))
            when 'nearest_half_up' then {{ round_half_up('need_fte') }}
        end as need_by_rounding
    from needed
)

select
    agency_id,
    unit_id,
    position_id,
    method,
    abk_year,
    abk_year = newest_year as is_newest,
    replaced_in,
    cast({{ exact('need_fte') }} as double) as need_fte,
    cast(
        case when abk_minimum_one = 1 and need_fte > 0 then greatest(need_by_rounding, 1) else need_by_rounding end as integer
    ) as need_rounded,
    cast(case when need_fte > 0 and need_by_rounding < 1 then 1 else 0 end as integer) as minimum_one_adds,
    cast({{ exact('service_need_fte') }} as double) as service_need_fte,
    cast({{ exact('category_factor') }} as double) as category_factor,
    cast({{ exact('individual_fte') }} as double) as individual_fte,
    available_minutes / 60 as available_hours,
    cast({{ exact('temporary_minutes / nullif(available_minutes, 0)') }} as double) as temporary_need_fte,
    temporary_from,
    temporary_to,
    cast(task_count as integer) as task_count,
    cast(tasks_without_figure as integer) as tasks_without_figure,
    cast(volume_growth_pct as double) as volume_growth_pct,
    coalesce(volume_growth_pct > abk_volume_jump_pct, false) as has_volume_jump,
    coalesce(sheets_of_content >= abk_identical_sheets and task_count > 1, false) as has_identical_sheet
from rounded
