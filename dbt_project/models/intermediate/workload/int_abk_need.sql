with final_tasks as (
    select
        workloads.agency_id,
        workloads.unit_id,
        workloads.position_id,
        workloads.abk_year,
        workloads.volume,
        workloads.volume_period,
        workloads.minutes_per_unit,
        max(workloads.abk_year) over (
            partition by workloads.agency_id, workloads.unit_id, workloads.position_id
        ) as latest_year
    from {{ ref('stg_workloads') }} as workloads
    cross join {{ ref('int_as_of') }} as today
    where workloads.status = 'final' and workloads.method = 'abk' and workloads.abk_year <= today.as_of_year
),

task_needs as (
    select
        final_tasks.agency_id,
        final_tasks.unit_id,
        final_tasks.position_id,
        final_tasks.abk_year,
        case
            when final_tasks.volume >= 0 and final_tasks.minutes_per_unit >= 0
                then
                    final_tasks.volume
                    * case final_tasks.volume_period
                        when 'year' then rules.abk_period_factor_year
                        when 'month' then rules.abk_period_factor_month
                        when 'week' then rules.abk_period_factor_week
                        when 'day' then rules.abk_period_factor_day
                    end
                    * final_tasks.minutes_per_unit
                    / rules.abk_effective_minutes
        end as task_need_fte,
        rules.abk_rounding,
        rules.abk_minimum_one
    from final_tasks
    left join {{ ref('int_rules') }} as rules on final_tasks.agency_id = rules.agency_id
    where final_tasks.abk_year = final_tasks.latest_year
),

post_needs as (
    select
        agency_id,
        unit_id,
        position_id,
        abk_year,
        abk_rounding,
        abk_minimum_one,
        sum({{ exact('task_need_fte') }}) as need_fte,
        count(*) as task_count,
        count(*) - count(task_need_fte) as tasks_without_figure
    from task_needs
    group by agency_id, unit_id, position_id, abk_year, abk_rounding, abk_minimum_one
),

rounded as (
    select
        post_needs.*,
        case abk_rounding
            when 'ceiling' then ceil(cast(need_fte as decimal(28, 6)))
            when 'nearest_half_up' then {{ round_half_up('need_fte') }}
        end as need_by_rounding
    from post_needs
)

select
    agency_id,
    unit_id,
    position_id,
    abk_year,
    cast(need_fte as double) as need_fte,
    cast(
        case when abk_minimum_one = 1 and need_fte > 0 then greatest(need_by_rounding, 1) else need_by_rounding end as integer
    ) as need_rounded,
    cast(case when need_fte > 0 and need_by_rounding < 1 then 1 else 0 end as integer) as minimum_one_adds,
    cast(task_count as integer) as task_count,
    cast(tasks_without_figure as integer) as tasks_without_figure
from rounded
