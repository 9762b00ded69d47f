with horizon as (
    select
        rules.agency_id,
        today.as_of,
        today.as_of_year,
        today.as_of_year + cast(rules.forecast_years as integer) as last_year
    from {{ ref('int_rules') }} as rules
    cross join {{ ref('int_as_of') }} as today
),

leaving as (
    select
        leavers.agency_id,
        leavers.unit_id,
        leavers.position_id,
        -- Whoever should have left already leaves as soon as the books are put right.
        greatest(cast(extract(year from leavers.leaves_on) as integer), horizon.as_of_year) as "year",
        sum(case when leavers.leaving_kind = 'BUP' then 1 else 0 end) as leaving_by_age,
        sum(case when leavers.leaving_kind = 'PLANNED' then 1 else 0 end) as leaving_as_planned,
        sum(case when leavers.leaves_on <= horizon.as_of then 1 else 0 end) as overdue,
        sum(case when leavers.is_in_mpp then 1 else 0 end) as in_mpp,
        sum(case when leavers.is_bup_by_rule then 1 else 0 end) as by_age_of_rule,
        0 as arriving
    from {{ ref('int_leavers') }} as leavers
    inner join horizon on leavers.agency_id = horizon.agency_id
    where extract(year from leavers.leaves_on) <= horizon.last_year
    group by
        leavers.agency_id, leavers.unit_id, leavers.position_id,
        greatest(cast(extract(year from leavers.leaves_on) as integer), horizon.as_of_year)
),

arriving as (
    select
        quotas.agency_id,
        quotas.unit_id,
        quotas.position_id,
        greatest(quotas.quota_year, horizon.as_of_year) as "year",
        0 as leaving_by_age,
        0 as leaving_as_planned,
        0 as overdue,
        0 as in_mpp,
        0 as by_age_of_rule,
        sum(quotas.seats) as arriving
    from {{ ref('stg_quotas') }} as quotas
    inner join horizon on quotas.agency_id = horizon.agency_id
    where quotas.quota_status in ('approved', 'in_recruitment') and quotas.quota_year <= horizon.last_year
    group by
        quotas.agency_id, quotas.unit_id, quotas.position_id, greatest(quotas.quota_year, horizon.as_of_year)
),

changes as (
    select * from leaving
    union all
    select * from arriving
),

yearly as (
    select
        agency_id,
        unit_id,
        position_id,
        "year",
        sum(leaving_by_age) as leaving_by_age,
        sum(leaving_as_planned) as leaving_as_planned,
        sum(overdue) as overdue,
        sum(in_mpp) as in_mpp,
        sum(by_age_of_rule) as by_age_of_rule,
        sum(arriving) as arriving
    from changes
    group by agency_id, unit_id, position_id, "year"
),

running as (
    select
        yearly.*,
        sum(arriving - leaving_by_age - leaving_as_planned) over (
            partition by agency_id, unit_id, position_id order by "year"
        ) as change_until_then
    from yearly
)

select
    running.agency_id,
    running.unit_id,
    running.position_id,
    running."year",
    cast(running.leaving_by_age as integer) as leaving_by_age,
    cast(running.leaving_as_planned as integer) as leaving_as_planned,
    cast(running.overdue as integer) as overdue,
    cast(running.in_mpp as integer) as in_mpp,
    cast(running.by_age_of_rule as integer) as by_age_of_rule,
    cast(running.arriving as integer) as arriving,
    cast(vacancies.holders_definitive + running.change_until_then as integer) as holders_at_year_end,
    cast(
        case
            when vacancies.status in ('UNKNOWN', 'REVIEW') then null
            -- A seat that an additional duty or a secondment fills is no more open then than it is now.
            else greatest(
                least(vacancies.need_rounded, vacancies.establishment_approved) - vacancies.holders_definitive
                - coalesce(vacancies.seats_taken_otherwise, 0) - running.change_until_then, 0
            )
        end as integer
    ) as open_seats_at_year_end,
    horizon.as_of
from running
inner join horizon on running.agency_id = horizon.agency_id
left join {{ ref('vacancies') }} as vacancies
    on
        vacancies.scope = 'post'
        and running.agency_id = vacancies.agency_id
        and running.unit_id = vacancies.unit_id
        and running.position_id = vacancies.position_id
