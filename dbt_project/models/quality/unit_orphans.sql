with named as (
    select
        agency_id,
        'assignments' as dataset,
        unit_id
    from {{ ref('stg_assignments') }}
    union all
    select
        agency_id,
        'positions' as dataset,
        unit_id
    from {{ ref('dim_position') }}
    union all
    select
        agency_id,
        'workloads' as dataset,
        unit_id
    from {{ ref('stg_workloads') }}
    union all
    select
        agency_id,
        'non_asn_counts' as dataset,
        unit_id
    from {{ ref('stg_non_asn_counts') }}
),

ended as (
    select
        agency_id,
        old_unit_id,
        count(*) as successors
    from {{ ref('stg_unit_bridge') }}
    group by agency_id, old_unit_id
)

select
    named.agency_id,
    named.dataset,
    named.unit_id,
    case
        when ended.successors > 1 then 'SPLIT'
        when ended.successors = 1 then 'SUCCESSOR_UNKNOWN'
        else 'UNKNOWN'
    end as orphan_reason,
    count(*) as rows_affected
from named
left join {{ ref('stg_units') }} as units on named.agency_id = units.agency_id and named.unit_id = units.unit_id
left join ended on named.agency_id = ended.agency_id and named.unit_id = ended.old_unit_id
where units.unit_id is null
group by named.agency_id, named.dataset, named.unit_id, ended.successors
