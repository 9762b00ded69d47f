{# A view: its two readers take few of its columns, which costs less than to keep them for everybody. #}
{{ config(materialized='view') }}
{# Who leaves which definitive post and when: on the first of the month after the retirement age of the job, or on an earlier day
that is already known. A retirement age of 0 is missing; the law's age for the kind of job stands in and is counted. #}
with holders as (
    select
        agency_id,
        person_id,
        unit_id,
        position_id,
        birth_date,
        legal_status_code
    from {{ ref('int_assignments') }}
    where is_definitive_holder and is_only_assignment
    union all
    -- A post may be held in several ways.
    select distinct
        agency_id,
        person_id,
        unit_id,
        position_id,
        birth_date,
        legal_status_code
    from {{ ref('int_assignments') }}
    where is_definitive_holder and not is_only_assignment
),

planned as (
    select
        leavers.agency_id,
        leavers.person_id,
        min(leavers.leaves_on) as leaves_on
    from {{ ref('stg_planned_leavers') }} as leavers
    cross join {{ ref('int_as_of') }} as today
    where leavers.leaves_on > today.as_of
    group by leavers.agency_id, leavers.person_id
),

dated as (
    select
        holders.agency_id,
        holders.person_id,
        holders.unit_id,
        holders.position_id,
        positions.bup_source,
        coalesce(holders.legal_status_code = '20', false) as is_in_mpp,
        planned.leaves_on as planned_on,
        cast(
            date_trunc('month', holders.birth_date + to_years(positions.bup_age)) + interval '1 month' as date
        ) as retires_on
    from holders
    left join {{ ref('dim_position') }} as positions
        on
            holders.agency_id = positions.agency_id
            and holders.unit_id = positions.unit_id
            and holders.position_id = positions.position_id
    left join planned on holders.agency_id = planned.agency_id and holders.person_id = planned.person_id
)

select
    agency_id,
    person_id,
    unit_id,
    position_id,
    case
        when planned_on < retires_on or retires_on is null then planned_on
        else retires_on
    end as leaves_on,
    case
        when planned_on < retires_on or (retires_on is null and planned_on is not null) then 'PLANNED'
        when retires_on is not null then 'BUP'
    end as leaving_kind,
    is_in_mpp,
    coalesce(bup_source = 'RULE', false) as is_bup_by_rule
from dated
