-- Lawful pairs that were left out and whose reduced cost is below zero, compared from the left. A block is looked into
-- only when the least that any of its pairs can cost does not already outweigh its dearest post and its dearest person.
create or replace table asked_blocks as
with ranked_posts as (
    select posts.agency_id, posts.job_kind, posts.job_id, prices.*
    from prices
    inner join posts on prices.post_no = posts.post_no
),

dearest_posts as (
    select
        agency_id,
        job_kind,
        job_id,
        max([price_critical, price_imbalance, price_fit, price_effort]) as price
    from ranked_posts
    group by all
),

dearest_people as (
    select
        persons.agency_id,
        persons.job_kind,
        persons.job_id,
        max([price_critical, price_imbalance, price_fit, price_effort]) as value
    from person_values
    inner join persons on person_values.person_no = persons.person_no
    group by all
)

select blocks.block_no
from blocks
cross join terms
cross join scale
inner join dearest_posts as posts
    on blocks.agency_id = posts.agency_id and blocks.job_kind = posts.job_kind and blocks.job_id = posts.job_id
inner join dearest_people as people
    on blocks.origin_agency_id = people.agency_id and blocks.job_kind = people.job_kind and blocks.job_id = people.job_id
where
    not blocks.is_complete
    and [0, scale.scale * terms.minimum_gain, 0, scale.scale * terms.move_cost]
    < [posts.price[1] + people.value[1], posts.price[2] + people.value[2], posts.price[3] + people.value[3], posts.price[4] + people.value[4]];

insert into edges
with left_out as (
    select pairs.*
    from pairs
    anti join (from edges semi join asked_blocks on edges.block_no = asked_blocks.block_no) as known
        on pairs.person_no = known.person_no and pairs.post_no = known.post_no
)

select left_out.*
from left_out
cross join scale
inner join prices on left_out.post_no = prices.post_no
inner join person_values as people on left_out.person_no = people.person_no
left join cap_prices as unit_caps on left_out.cap_unit = unit_caps.cap_no
left join cap_prices as agency_caps on left_out.cap_agency = agency_caps.cap_no
left join cap_prices as receiver_caps on left_out.cap_receiver = receiver_caps.cap_no
where [
    scale.scale * left_out.critical + coalesce(unit_caps.price_critical, 0) + coalesce(agency_caps.price_critical, 0)
    + coalesce(receiver_caps.price_critical, 0) - prices.price_critical - people.price_critical,
    scale.scale * left_out.imbalance + coalesce(unit_caps.price_imbalance, 0) + coalesce(agency_caps.price_imbalance, 0)
    + coalesce(receiver_caps.price_imbalance, 0) - prices.price_imbalance - people.price_imbalance,
    scale.scale * left_out.misfit + coalesce(unit_caps.price_fit, 0) + coalesce(agency_caps.price_fit, 0)
    + coalesce(receiver_caps.price_fit, 0) - prices.price_fit - people.price_fit,
    scale.scale * left_out.effort + coalesce(unit_caps.price_effort, 0) + coalesce(agency_caps.price_effort, 0)
    + coalesce(receiver_caps.price_effort, 0) - prices.price_effort - people.price_effort
] < [0, 0, 0, 0];
