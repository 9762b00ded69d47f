with posts as (
    select * from {{ source('inputs', 'quarantined_posts') }}
)

select distinct
    posts.agency_id,
    posts.dataset,
    coalesce(moved.current_unit_id, posts.unit_id) as unit_id,
    posts.position_id
from posts
left join {{ ref('stg_current_units') }} as moved on posts.agency_id = moved.agency_id and posts.unit_id = moved.unit_id
