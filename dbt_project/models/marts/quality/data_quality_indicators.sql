{# An indicator is judged per employee: its score is the share of the agency's employees without the defect. #}
with employees as (
    select
        snapshot_date,
        agency_id,
        max(rows_checked) as employees
    from {{ ref('check_results') }}
    where dataset = 'employees' and rule_code not like 'VOL-%'
    group by snapshot_date, agency_id
),

agency_days as (
    select
        snapshot_date,
        agency_id
    from {{ ref('int_dataset_deliveries') }}
    union
    select
        snapshot_date,
        agency_id
    from {{ ref('check_results') }}
),

counted as (
    select
        agency_days.snapshot_date,
        agency_days.agency_id,
        indicators.indicator,
        indicators.indicator_name,
        indicators.dimension,
        indicators.dimension_weight,
        indicators.indicator_weight,
        indicators.rule_code,
        employees.employees,
        results.rows_failed,
        case
            when indicators.status = 'not_measurable' then 'not_measurable'
            when results.rows_checked > 0 and employees.employees > 0 then 'measured'
            else 'not_delivered'
        end as status
    from agency_days
    inner join {{ ref('bkn_indicators') }} as indicators
        on
            agency_days.snapshot_date >= indicators.valid_from
            and (indicators.valid_to is null or agency_days.snapshot_date <= indicators.valid_to)
    left join employees
        on agency_days.snapshot_date = employees.snapshot_date and agency_days.agency_id = employees.agency_id
    left join {{ ref('check_results') }} as results
        on
            agency_days.snapshot_date = results.snapshot_date
            and agency_days.agency_id = results.agency_id
            and indicators.rule_code = results.rule_code
)

select
    snapshot_date,
    agency_id,
    indicator,
    indicator_name,
    dimension,
    dimension_weight,
    indicator_weight,
    rule_code,
    status,
    case when status = 'measured' then employees end as employees,
    case when status = 'measured' then rows_failed end as defects,
    case
        when status = 'measured' then 100 * {{ above_zero('1 - ' ~ ratio('rows_failed', 'employees')) }}
    end as score_pct
from counted
