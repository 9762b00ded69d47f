with monthly as (
    select
        metrics.agency_id,
        metrics.unit_id,
        metrics.metric_code,
        metrics.metric_month,
        max(metrics.metric_name) as metric_name,
        max(metrics.direction) as direction,
        max(metrics.unit_of_measure) as unit_of_measure,
        max(metrics.metric_value) as metric_value,
        count(*) as rows_of_month,
        count(distinct metrics.direction) as directions
    from {{ ref('stg_service_metrics') }} as metrics
    cross join {{ ref('int_as_of') }} as today
    where metrics.metric_month <= today.as_of
    group by metrics.agency_id, metrics.unit_id, metrics.metric_code, metrics.metric_month
),

-- Two values for one month, after a merger of units say, have no sum or mean that is right for every metric.
series as (
    select
        monthly.*,
        case when rows_of_month = 1 then metric_value end as month_value,
        lag(case when rows_of_month = 1 then metric_value end) over same_series as value_before,
        lag(metric_month) over same_series as month_before
    from monthly
    window same_series as (partition by agency_id, unit_id, metric_code order by metric_month)
)

select
    series.agency_id,
    series.unit_id,
    series.metric_code,
    series.metric_month,
    series.metric_name,
    series.direction,
    series.unit_of_measure,
    series.month_value as metric_value,
    case when series.month_before = series.metric_month - interval 1 month then series.month_value - series.value_before end
        as change_on_month,
    case
        when series.month_before is null or series.month_before <> series.metric_month - interval 1 month then null
        when series.month_value = series.value_before then 'UNCHANGED'
        when (series.month_value > series.value_before) = (series.direction = 'higher_is_better') then 'BETTER'
        when series.month_value is not null and series.value_before is not null then 'WORSE'
    end as change_state,
    series.rows_of_month > 1 as is_ambiguous,
    today.as_of
from series
cross join {{ ref('int_as_of') }} as today
