with rules as (
    select routes.*
    from {{ ref('route_rules') }} as routes
    cross join {{ ref('int_as_of') }} as today
    where routes.valid_from <= today.as_of and coalesce(routes.valid_to >= today.as_of, true)
),

agencies as (
    select
        agency_id,
        agency_kind,
        split_part(kemendagri_code, '.', 1) as province_code
    from {{ ref('stg_agencies') }}
),

pairs as (
    select
        origins.agency_id as origin_agency_id,
        destinations.agency_id as destination_agency_id,
        origins.agency_kind as origin_kind,
        destinations.agency_kind as destination_kind,
        case
            when origins.agency_id = destinations.agency_id then 'same_agency'
            when origins.province_code = destinations.province_code then 'same'
            else 'other'
        end as province
    from agencies as origins
    cross join agencies as destinations
),

routed as (
    select
        pairs.origin_agency_id,
        pairs.destination_agency_id,
        rules.*,
        coalesce(rules.unit_type, rules.unit_name) is not null as is_override
    from pairs
    inner join rules
        on
            (rules.origin_kinds = 'any' or strpos(rules.origin_kinds, pairs.origin_kind) > 0)
            and (rules.destination_kinds = 'any' or strpos(rules.destination_kinds, pairs.destination_kind) > 0)
            and (
                pairs.province = rules.province
                or (rules.province = 'any' and pairs.province <> 'same_agency')
                or coalesce(rules.unit_type, rules.unit_name) is not null
            )
)

select
    origin_agency_id,
    destination_agency_id,
    route_code,
    is_override,
    job_kinds,
    opinion,
    through,
    decision as decided_by,
    source
from routed
