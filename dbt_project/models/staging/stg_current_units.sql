with recursive single as (
    -- A unit with several successors was split; where its posts went is not for us to guess.
    select
        agency_id,
        old_unit_id,
        min(new_unit_id) as new_unit_id
    from {{ ref('stg_unit_bridge') }}
    group by agency_id, old_unit_id
    having count(*) = 1
),

walk as (
    select
        agency_id,
        old_unit_id as unit_id,
        new_unit_id as current_unit_id,
        1 as hops
    from single
    union all
    select
        walk.agency_id,
        walk.unit_id,
        single.new_unit_id as current_unit_id,
        walk.hops + 1 as hops
    from walk
    inner join single on walk.agency_id = single.agency_id and walk.current_unit_id = single.old_unit_id
    -- A circle has no end, so its units never reach one; nobody reorganises fifty times.
    where walk.hops < 50
)

select
    walk.agency_id,
    walk.unit_id,
    walk.current_unit_id
from walk
inner join {{ ref('stg_units') }} as units on walk.agency_id = units.agency_id and walk.current_unit_id = units.unit_id
left join single on walk.agency_id = single.agency_id and walk.current_unit_id = single.old_unit_id
where single.old_unit_id is null
