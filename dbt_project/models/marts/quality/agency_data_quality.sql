{# Weights of indicators that cannot be measured are shared out among the others of their dimension, and those of a dimension
   without any among the other dimensions; measured_weight_pct says how much of the index that leaves. #}
with dimension_scores as (
    select
        snapshot_date,
        agency_id,
        dimension,
        max(dimension_weight) as dimension_weight,
        {{ ratio(
            'sum(' ~ exact('indicator_weight * score_pct') ~ ')',
            'sum(' ~ exact("case when status = 'measured' then indicator_weight end") ~ ')'
        ) }} as score_pct,
        {{ ratio(
            'sum(' ~ exact("case when status = 'measured' then indicator_weight else 0 end") ~ ')',
            'sum(' ~ exact('indicator_weight') ~ ')'
        ) }} as measured_share
    from {{ ref('data_quality_indicators') }}
    group by snapshot_date, agency_id, dimension
),

indices as (
    select
        snapshot_date,
        agency_id,
        {{ ratio(
            'sum(' ~ exact('dimension_weight * score_pct') ~ ')',
            'sum(' ~ exact('case when score_pct is not null then dimension_weight end') ~ ')'
        ) }} as index_pct,
        100 * {{ ratio('sum(' ~ exact('dimension_weight * measured_share') ~ ')', 'sum(' ~ exact('dimension_weight') ~ ')') }}
            as measured_weight_pct,
        max(case when dimension = 'completeness' then score_pct end) as completeness_pct,
        max(case when dimension = 'timeliness' then score_pct end) as timeliness_pct,
        max(case when dimension = 'accuracy' then score_pct end) as accuracy_pct,
        max(case when dimension = 'consistency' then score_pct end) as consistency_pct
    from dimension_scores
    group by snapshot_date, agency_id
),

employees as (
    select
        snapshot_date,
        agency_id,
        max(employees) as employees
    from {{ ref('data_quality_indicators') }}
    group by snapshot_date, agency_id
),

deliveries as (
    select
        snapshot_date,
        agency_id,
        sum(rows_received) as rows_received,
        sum(rows_promoted) as rows_promoted,
        sum(rows_quarantined) as rows_quarantined,
        sum(case when status = 'ok' then 0 else 1 end) as datasets_kept,
        sum(case when is_stale then 1 else 0 end) as datasets_stale,
        max(data_age_days) as oldest_data_age_days
    from {{ ref('int_dataset_deliveries') }}
    group by snapshot_date, agency_id
),

blanked as (
    select
        snapshot_date,
        agency_id,
        sum(rows_affected) as fields_blanked
    from {{ ref('quarantine_summary') }}
    where action = 'blank'
    group by snapshot_date, agency_id
)

select
    indices.snapshot_date,
    indices.agency_id,
    indices.index_pct,
    lag(indices.snapshot_date) over by_day as previous_snapshot_date,
    indices.index_pct - lag(indices.index_pct) over by_day as index_change,
    indices.completeness_pct,
    indices.timeliness_pct,
    indices.accuracy_pct,
    indices.consistency_pct,
    indices.measured_weight_pct,
    employees.employees,
    cast(deliveries.rows_received as bigint) as rows_received,
    cast(deliveries.rows_promoted as bigint) as rows_promoted,
    cast(deliveries.rows_quarantined as bigint) as rows_quarantined,
    cast(coalesce(blanked.fields_blanked, 0) as bigint) as fields_blanked,
    cast(deliveries.datasets_kept as integer) as datasets_kept,
    cast(deliveries.datasets_stale as integer) as datasets_stale,
    deliveries.oldest_data_age_days,
    indices.snapshot_date = max(indices.snapshot_date) over (partition by indices.agency_id) as is_latest
from indices
left join employees
    on indices.snapshot_date = employees.snapshot_date and indices.agency_id = employees.agency_id
left join deliveries
    on indices.snapshot_date = deliveries.snapshot_date and indices.agency_id = deliveries.agency_id
left join blanked
    on indices.snapshot_date = blanked.snapshot_date and indices.agency_id = blanked.agency_id
window by_day as (partition by indices.agency_id order by indices.snapshot_date)
