{{ config(materialized='view') }}
with records as (
    select * from {{ source('inputs', 'preferences') }}
),

-- A spouse may work for another agency; one number is one person everywhere.
spouses as (
    select
        nip,
        min(person_id) as person_id
    from {{ ref('stg_identities') }}
    where nip in (select records.spouse_nip from records)
    group by nip
)

select
    records.agency_id,
    identities.person_id,
    try_cast(records.wish_rank as integer) as wish_rank,
    records.wish_kind,
    coalesce(moved.current_unit_id, records.wish_unit_id) as wish_unit_id,
    records.wish_position_id,
    records.wish_district_code,
    records.wish_ground,
    coalesce(try_cast(records.has_verified_ground as boolean), false) as has_verified_ground,
    coalesce(try_cast(records.accepts_inter_agency as boolean), false) as accepts_inter_agency,
    spouses.person_id as spouse_person_id,
    coalesce(try_cast(records.is_joint_move as boolean), false) as is_joint_move
from records
inner join {{ ref('stg_identities') }} as identities
    on records.agency_id = identities.agency_id and records.nip = identities.nip
left join {{ ref('stg_current_units') }} as moved on records.agency_id = moved.agency_id and records.wish_unit_id = moved.unit_id
left join spouses on records.spouse_nip = spouses.nip
