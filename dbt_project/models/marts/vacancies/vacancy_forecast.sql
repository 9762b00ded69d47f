{# Who retires is a matter of age, so jobs with few holders are put together by kind of job, and what is still too few stays
untold. The forecast per post is in the planning schema. #}
with rules as (
    select * from {{ ref('int_rules') }}
),

posts as (
    select
        agency_id,
        unit_id,
        position_id,
        job_kind,
        job_name,
        coalesce(holders_definitive, 0) as holders,
        open_seats
    from {{ ref('vacancies') }}
    where scope = 'post'
),

jobs as (
    select
        agency_id,
        job_kind,
        job_name,
        sum(holders) as holders,
        sum(open_seats) as open_seats
    from posts
    group by agency_id, job_kind, job_name
),

-- A group of small jobs must itself be large enough; a kind with one small job would tell about that job.
grouped as (
    select
        jobs.*,
        case when jobs.holders >= rules.minimum_cell_size then jobs.job_name end as shown_job_name,
        sum(case when jobs.holders < rules.minimum_cell_size then jobs.holders else 0 end) over (
            partition by jobs.agency_id, jobs.job_kind
        ) as holders_of_small_jobs,
        rules.minimum_cell_size,
        cast(rules.forecast_years as integer) as forecast_years
    from jobs
    inner join rules on jobs.agency_id = rules.agency_id
),

shown as (
    select
        grouped.*,
        case
            when shown_job_name is not null then job_kind
            when holders_of_small_jobs >= minimum_cell_size then job_kind
            else 'other'
        end as shown_job_kind
    from grouped
),

lines as (
    select
        agency_id,
        shown_job_kind as job_kind,
        shown_job_name as job_name,
        max(forecast_years) as forecast_years,
        max(minimum_cell_size) as minimum_cell_size,
        sum(holders) as holders_definitive,
        sum(open_seats) as open_seats
    from shown
    group by agency_id, shown_job_kind, shown_job_name
),

placed as (
    select
        posts.agency_id,
        posts.unit_id,
        posts.position_id,
        shown.shown_job_kind,
        shown.shown_job_name
    from posts
    inner join shown
        on
            posts.agency_id = shown.agency_id
            and posts.job_kind is not distinct from shown.job_kind
            and posts.job_name is not distinct from shown.job_name
),

steps as (
    select cast(unnest(generate_series(0, 10)) as integer) as step
),

years as (
    select
        lines.*,
        today.as_of,
        today.as_of_year + steps.step as "year"
    from lines
    cross join {{ ref('int_as_of') }} as today
    inner join steps on lines.forecast_years >= steps.step
),

changes as (
    select
        placed.agency_id,
        placed.shown_job_kind as job_kind,
        placed.shown_job_name as job_name,
        forecast."year",
        sum(forecast.leaving_by_age) as leaving_by_age,
        sum(forecast.leaving_as_planned) as leaving_as_planned,
        sum(forecast.overdue) as overdue,
        sum(forecast.in_mpp) as in_mpp,
        sum(forecast.by_age_of_rule) as by_age_of_rule,
        sum(forecast.arriving) as arriving
    from {{ ref('post_forecast') }} as forecast
    inner join placed
        on
            forecast.agency_id = placed.agency_id
            and forecast.unit_id = placed.unit_id
            and forecast.position_id = placed.position_id
    group by placed.agency_id, placed.shown_job_kind, placed.shown_job_name, forecast."year"
),

unknown as (
    select
        placed.agency_id,
        placed.shown_job_kind as job_kind,
        placed.shown_job_name as job_name,
        count(*) as without_known_day
    from {{ ref('int_leavers') }} as leavers
    inner join placed
        on
            leavers.agency_id = placed.agency_id
            and leavers.unit_id = placed.unit_id
            and leavers.position_id = placed.position_id
    where leavers.leaves_on is null
    group by placed.agency_id, placed.shown_job_kind, placed.shown_job_name
),

joined as (
    select
        years.agency_id,
        years.job_kind,
        years.job_name,
        years."year",
        years.holders_definitive,
        years.open_seats,
        years.as_of,
        years.holders_definitive > 0 and years.holders_definitive < years.minimum_cell_size as is_suppressed,
        coalesce(changes.leaving_by_age, 0) as leaving_by_age,
        coalesce(changes.leaving_as_planned, 0) as leaving_as_planned,
        coalesce(changes.overdue, 0) as overdue,
        coalesce(changes.in_mpp, 0) as in_mpp,
        coalesce(changes.by_age_of_rule, 0) as by_age_of_rule,
        coalesce(changes.arriving, 0) as arriving,
        coalesce(unknown.without_known_day, 0) as without_known_day,
        sum(coalesce(changes.arriving, 0) - coalesce(changes.leaving_by_age, 0) - coalesce(changes.leaving_as_planned, 0)) over (
            partition by years.agency_id, years.job_kind, years.job_name order by years."year"
        ) as change_until_then
    from years
    left join changes
        on
            years.agency_id = changes.agency_id
            and years.job_kind = changes.job_kind
            and years.job_name is not distinct from changes.job_name
            and years."year" = changes."year"
    left join unknown
        on
            years.agency_id = unknown.agency_id
            and years.job_kind = unknown.job_kind
            and years.job_name is not distinct from unknown.job_name
)

select
    agency_id,
    job_kind,
    job_name,
    "year",
    cast(holders_definitive as integer) as holders_definitive,
    cast(case when not is_suppressed then leaving_by_age end as integer) as leaving_by_age,
    cast(case when not is_suppressed then leaving_as_planned end as integer) as leaving_as_planned,
    cast(case when not is_suppressed then overdue end as integer) as overdue,
    cast(case when not is_suppressed then in_mpp end as integer) as in_mpp,
    cast(case when not is_suppressed then by_age_of_rule end as integer) as by_age_of_rule,
    cast(case when not is_suppressed then without_known_day end as integer) as without_known_day,
    cast(arriving as integer) as arriving,
    cast(case when not is_suppressed then holders_definitive + change_until_then end as integer) as holders_at_year_end,
    cast(open_seats as integer) as open_seats_now,
    is_suppressed,
    as_of
from joined
