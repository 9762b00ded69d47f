-- Units with few people would show who is proposed: they stand together in one row of their agency, or are left out where
-- even together they are few.
with units as (
    select
        plan.week,
        plan.run_id,
        plan.agency_id,
        plan.unit_id,
        plan.need_fte,
        plan.staff_before,
        plan.staff_after,
        plan.moves_in,
        plan.moves_out,
        coalesce(plan.staff_before >= rules.minimum_cell_size, false) as is_large,
        rules.minimum_cell_size
    from {{ source('inputs', 'plan_units') }} as plan
    inner join {{ ref('int_rules') }} as rules on plan.agency_id = rules.agency_id
),

together as (
    select
        week,
        run_id,
        agency_id,
        case when is_large then unit_id end as unit_id,
        count(*) as unit_count,
        max(minimum_cell_size) as minimum_cell_size,
        cast(sum({{ exact('need_fte') }}) as double) as need_fte,
        cast(sum({{ exact('staff_before') }}) as double) as staff_before,
        cast(sum({{ exact('staff_after') }}) as double) as staff_after,
        sum(moves_in) as moves_in,
        sum(moves_out) as moves_out
    from units
    group by week, run_id, agency_id, case when is_large then unit_id end
)

select
    together.agency_id,
    together.unit_id,
    units.unit_name,
    together.week,
    together.run_id,
    cast(together.unit_count as integer) as unit_count,
    together.need_fte,
    together.staff_before,
    together.staff_after,
    {{ ratio('together.need_fte', 'together.staff_before') }} as pressure_before,
    {{ ratio('together.need_fte', 'together.staff_after') }} as pressure_after,
    cast(together.moves_in as integer) as moves_in,
    cast(together.moves_out as integer) as moves_out
from together
left join {{ ref('dim_unit') }} as units
    on together.agency_id = units.agency_id and together.unit_id = units.unit_id
where together.unit_id is not null or (together.unit_count > 1 and together.staff_before >= together.minimum_cell_size)
