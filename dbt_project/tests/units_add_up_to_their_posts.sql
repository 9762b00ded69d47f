-- Shortage and surplus are sums over posts: rolling up may neither lose nor net anything.
with posts as (
    select
        posts.agency_id,
        posts.unit_id,
        sum(posts.shortage_fte) as shortage_fte,
        sum(posts.surplus_fte) as surplus_fte
    from {{ ref('position_workload') }} as posts
    group by posts.agency_id, posts.unit_id
)

select units.agency_id
from {{ ref('unit_workload') }} as units
left join posts on units.agency_id = posts.agency_id and units.unit_id = posts.unit_id
where
    abs(coalesce(units.shortage_fte, 0) - coalesce(posts.shortage_fte, 0)) > 0.000001
    or abs(coalesce(units.surplus_fte, 0) - coalesce(posts.surplus_fte, 0)) > 0.000001
