select
    people.person_id,
    cast(wishes.wish_rank as bigint) as wish_rank,
    wishes.wish_kind,
    case wishes.wish_kind
        when 'post' then concat_ws('|', wishes.agency_id, wishes.wish_unit_id, wishes.wish_position_id)
        when 'unit' then wishes.wish_unit_id
        when 'district' then wishes.wish_district_code
    end as wish_value,
    -- A ground that nobody has verified earns nothing.
    case when wishes.has_verified_ground then wishes.wish_ground end as ground
from {{ ref('stg_preferences') }} as wishes
inner join {{ ref('transfer_people') }} as people
    on wishes.agency_id = people.agency_id and wishes.person_id = people.person_id
