{# What each agency delivered of each dataset on each day, and how old the data in use were: the last run of the day counts. #}
with ranked as (
    select
        runs.*,
        row_number() over (
            partition by runs.snapshot_date, runs.agency_id, runs.dataset
            order by runs.started_at desc, runs.run_id desc
        ) as newest_first
    from {{ ref('runs') }} as runs
    where runs.step = 'promote' and runs.agency_id is not null and runs.dataset is not null
),

limits as (
    select
        ranked.*,
        freshness.stale_after_days,
        row_number() over (
            partition by ranked.snapshot_date, ranked.agency_id, ranked.dataset
            order by case when freshness.agency_id is null then 1 else 0 end, freshness.valid_from desc
        ) as nearest_first
    from ranked
    left join {{ ref('freshness') }} as freshness
        on
            ranked.dataset = freshness.dataset
            and (freshness.agency_id is null or ranked.agency_id = freshness.agency_id)
            and ranked.snapshot_date >= freshness.valid_from
            and (freshness.valid_to is null or ranked.snapshot_date <= freshness.valid_to)
    where ranked.newest_first = 1
)

select
    snapshot_date,
    agency_id,
    dataset,
    status,
    data_as_of,
    cast({{ days_from('data_as_of', 'snapshot_date') }} as integer) as data_age_days,
    stale_after_days,
    case
        when data_as_of is null then true
        else coalesce({{ days_from('data_as_of', 'snapshot_date') }} > stale_after_days, false)
    end as is_stale,
    rows_received,
    rows_promoted,
    rows_quarantined
from limits
where nearest_first = 1
