{# Walks down from the roots: every unit has one parent, so the walk ends, and units in a cycle are the ones it never meets. #}
with recursive units as (
    select * from {{ ref('stg_units') }}
),

linked as (
    select
        units.agency_id,
        units.unit_id,
        units.unit_name,
        units.region_code,
        units.region_code_system,
        parents.unit_id as parent_unit_id,
        units.parent_unit_id is not null and parents.unit_id is null as is_orphan
    from units
    left join units as parents on units.agency_id = parents.agency_id and units.parent_unit_id = parents.unit_id
),

tree as (
    select
        agency_id,
        unit_id,
        unit_id as root_unit_id,
        0 as depth,
        unit_name as unit_path,
        region_code as inherited_region_code,
        region_code_system as inherited_region_code_system
    from linked
    where parent_unit_id is null
    union all
    select
        linked.agency_id,
        linked.unit_id,
        tree.root_unit_id,
        tree.depth + 1 as depth,
        tree.unit_path || ' / ' || linked.unit_name as unit_path,
        coalesce(linked.region_code, tree.inherited_region_code) as inherited_region_code,
        case
            when linked.region_code is not null then linked.region_code_system
            else tree.inherited_region_code_system
        end as inherited_region_code_system
    from linked
    inner join tree on linked.agency_id = tree.agency_id and linked.parent_unit_id = tree.unit_id
),

name_counts as (
    select
        agency_id,
        lower(unit_name) as lower_name,
        count(*) as units_of_name
    from units
    group by agency_id, lower(unit_name)
)

select
    units.agency_id,
    units.unit_id,
    units.unit_name,
    coalesce(tree.unit_path, units.unit_name) as unit_path,
    units.parent_unit_id,
    tree.root_unit_id,
    cast(tree.depth as integer) as depth,
    units.unit_type,
    coalesce(tree.inherited_region_code, units.region_code) as region_code,
    case
        when tree.inherited_region_code is not null then tree.inherited_region_code_system
        else units.region_code_system
    end as region_code_system,
    units.latitude,
    units.longitude,
    units.is_active,
    linked.is_orphan,
    tree.unit_id is null as is_in_cycle,
    coalesce(name_counts.units_of_name > 1, false) as has_duplicate_name,
    units.structure_from,
    units.structure_to
from units
inner join linked on units.agency_id = linked.agency_id and units.unit_id = linked.unit_id
left join tree on units.agency_id = tree.agency_id and units.unit_id = tree.unit_id
left join name_counts on units.agency_id = name_counts.agency_id and lower(units.unit_name) = name_counts.lower_name
