{# Who works for each agency, one property at a time, in cells of the dated minimum size. Where exactly one cell of a property
is too small, the smallest other one is suppressed with it, because the agency's total would give the single one away. There
are no crossings of two properties: their margins would. So each property is counted where it stands, and nobody is looked up. #}
with people as (
    select
        employees.agency_id,
        coalesce(employees.sex, 'unknown') as sex_group,
        coalesce(employees.employment_status, 'unknown') as status_group,
        -- PNS and PPPK have scales of their own; each adds up to employment statuses, so each is protected by itself.
        case when employees.employment_status in ('PNS', 'CPNS') then coalesce(employees.golongan_code, 'unknown') end
            as pns_group,
        case when employees.employment_status in ('PPPK', 'PPPK_PW') then coalesce(employees.golongan_code, 'unknown') end
            as pppk_group,
        coalesce(employees.education_level_code, 'unknown') as education_group,
        case
            when employees.birth_date is null then 'unknown'
            when employees.birth_date > today.as_of - interval 30 year then '0-29'
            when employees.birth_date > today.as_of - interval 40 year then '30-39'
            when employees.birth_date > today.as_of - interval 50 year then '40-49'
            when employees.birth_date > today.as_of - interval 55 year then '50-54'
            else '55+'
        end as age_group,
        case
            when employees.tmt_cpns is null then 'unknown'
            when employees.tmt_cpns > today.as_of - interval 5 year then '0-4'
            when employees.tmt_cpns > today.as_of - interval 10 year then '5-9'
            when employees.tmt_cpns > today.as_of - interval 20 year then '10-19'
            when employees.tmt_cpns > today.as_of - interval 30 year then '20-29'
            else '30+'
        end as service_group
    from {{ ref('int_people') }} as employees
    cross join {{ ref('int_as_of') }} as today
    where employees.is_active
),

-- Whose post is compared is in service: the others of the agency have none.
matched as (
    select
        agency_id,
        match_outcome as category,
        count(*) as people
    from {{ ref('post_match') }}
    group by agency_id, match_outcome
),

without_post as (
    select
        agency_id,
        sum(people) as people
    from (
        select
            agency_id,
            count(*) as people
        from people
        group by agency_id
        union all
        select
            agency_id,
            -people as people
        from matched
    ) as counts
    group by agency_id
),

counted as (
    {% for dimension, column in [
        ('sex', 'sex_group'), ('employment_status', 'status_group'), ('golongan_pns', 'pns_group'),
        ('golongan_pppk', 'pppk_group'), ('education_level', 'education_group'), ('age', 'age_group'),
        ('service_years', 'service_group'), ('total', "'total'"),
    ] -%}
        select
            agency_id,
            '{{ dimension }}' as dimension,
            {{ column }} as category,
            count(*) as people
        from people
        where {{ column }} is not null
        group by agency_id, {{ column }}
        union all
    {% endfor -%}
    select
        agency_id,
        'job_kind' as dimension,
        coalesce(job_kind, 'none') as category,
        count(*) as people
    from {{ ref('employees') }}
    where is_active
    group by agency_id, coalesce(job_kind, 'none')
    union all
    select
        agency_id,
        'post_match' as dimension,
        category,
        people
    from matched
    union all
    select
        agency_id,
        'post_match' as dimension,
        'NO_POST' as category,
        people
    from without_post
    where people > 0
),

small as (
    select
        counted.*,
        -- Golongan add up to PNS with CPNS, and to PPPK of full and part time: each pair is a line of its own.
        case
            when counted.category in ('PNS', 'CPNS') then 'pns'
            when counted.category in ('PPPK', 'PPPK_PW') then 'pppk'
            else 'all'
        end as line,
        -- That nothing is known of a few people says nothing about them.
        counted.people < rules.minimum_cell_size and counted.category <> 'unknown' as is_small
    from counted
    left join {{ ref('int_rules') }} as rules on counted.agency_id = rules.agency_id
),

{# A line with one hidden cell, or with hidden cells of one person each, is told by its sum: the smallest other cell joins. -#}
{% for before, after, line in [('small', 'in_lines', 'line, '), ('in_lines', 'in_dimensions', '')] -%}
    ranked_{{ after }} as (
        select
            cells.*,
            sum(case when cells.is_small then 1 else 0 end) over (
                partition by {{ line }}cells.agency_id, cells.dimension
            ) as hidden_cells,
            sum(case when cells.is_small then cells.people else 0 end) over (
                partition by {{ line }}cells.agency_id, cells.dimension
            ) as hidden_people,
            row_number() over (
                partition by {{ line }}cells.agency_id, cells.dimension, cells.is_small
                order by case when cells.category = 'unknown' then 1 else 0 end, cells.people, cells.category
            ) as next_smallest
        from {{ before }} as cells
    ),

    {{ after }} as (
        select
            agency_id,
            dimension,
            category,
            people,
            line,
            is_small
            or (
                hidden_cells > 0 and (hidden_cells = 1 or hidden_people <= hidden_cells) and next_smallest = 1
            ) as is_small
        from ranked_{{ after }}
    ),

{% endfor -%}

decided as (
    select
        agency_id,
        dimension,
        category,
        people,
        is_small as is_suppressed
    from in_dimensions
)

select
    decided.agency_id,
    decided.dimension,
    decided.category,
    cast(case when not decided.is_suppressed then decided.people end as integer) as people,
    decided.is_suppressed,
    today.as_of
from decided
cross join {{ ref('int_as_of') }} as today
