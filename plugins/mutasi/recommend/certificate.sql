-- Proof of one plan, for anybody with DuckDB:  cd RUN && duckdb < certificate.sql
--
-- Every figure is compared from the left over five objectives: critical seats, imbalance, missing fit, effort, tie-break.
-- Let x be any plan within the rules. Its cost is that of its moves and of the seats it leaves empty. If no move costs less
-- than the price of its post plus the value of its person (minus the prices of the caps that count it), nobody who may hold
-- the own seat is worth more than nothing there, no seat is priced above what leaving it empty costs, no value lies above and
-- no price of a cap below nothing, then the cost of x is at least the sum of the prices ("bound"). A plan that costs exactly the bound is therefore the best there is. Prices are in
-- parts of `scale`. Each line of the result is a check; `amiss` must be 0 everywhere.
with claim as materialized (from read_parquet('tables/claim.parquet')),

posts as not materialized (from read_parquet('tables/posts.parquet')),

persons as not materialized (from read_parquet('tables/persons.parquet')),

seats as not materialized (from read_parquet('tables/seats.parquet')),

edges as not materialized (from read_parquet('tables/edges.parquet')),

caps as not materialized (from read_parquet('tables/caps.parquet')),

links as not materialized (from read_parquet('tables/links.parquet')),

blocks as (from read_parquet('tables/blocks.parquet')),

plan as not materialized (from read_parquet('tables/plan.parquet')),

moves as (
    select
        plan.person_no, plan.post_no, persons.home_no, edges.critical, edges.imbalance, edges.misfit, edges.effort, edges.tie,
        edges.cap_unit, edges.cap_agency, edges.cap_receiver
    from plan
    left join persons on plan.person_no = persons.person_no
    left join edges on plan.person_no = edges.person_no and plan.post_no = edges.post_no
),

present as (
    select
        posts.post_no,
        posts.protected,
        posts.people,
        count(comes.post_no) as comes,
        posts.people - coalesce(any_value(gone.leaves), 0) + count(comes.post_no) as present
    from posts
    left join moves as comes on posts.post_no = comes.post_no
    left join (select home_no, count(*) as leaves from moves group by home_no) as gone on posts.post_no = gone.home_no
    group by posts.post_no, posts.protected, posts.people
),

open_seats as (select post_no, count(*) as open_seats from seats group by post_no),

-- What the plan costs.
cost as (
    select
        coalesce(sum(critical), 0) as critical, coalesce(sum(imbalance), 0) as imbalance, coalesce(sum(fit), 0) as fit,
        coalesce(sum(effort), 0) as effort, coalesce(sum(tie), 0) as tie
    from (
        select critical, imbalance, misfit as fit, effort, tie from moves
        union all
        select seats.critical, seats.imbalance, seats.fit, seats.effort, seats.tie
        from seats
        inner join present on seats.post_no = present.post_no
        where seats.seat_no >= present.present - present.protected
    )
),

-- What the caps count of the moves: each move once, or with the weight of its link.
cap_use as (
    select cap_no, sum(weight) as used
    from (
        select unnest([cap_unit, cap_agency, cap_receiver]) as cap_no, 1 as weight from moves
        union all
        select links.cap_no, links.weight from links inner join plan on links.person_no = plan.person_no and links.post_no = plan.post_no
    )
    group by cap_no
),

priced_caps as (
    from caps
    where price_critical <> 0 or price_imbalance <> 0 or price_fit <> 0 or price_effort <> 0 or price_tie <> 0
),

-- The prices of the caps that weigh an edge, one line per edge; those that count it once stand beside it.
linked as (
    select
        links.person_no, links.post_no,
        cast(sum(weight * price_critical) as bigint) as critical, cast(sum(weight * price_imbalance) as bigint) as imbalance,
        cast(sum(weight * price_fit) as bigint) as fit, cast(sum(weight * price_effort) as bigint) as effort,
        cast(sum(weight * price_tie) as bigint) as tie
    from links
    inner join priced_caps on links.cap_no = priced_caps.cap_no
    group by links.person_no, links.post_no
),

-- The first two objectives decide about most pairs: the others, and those with links, are looked at with all.
suspects as (
    select person_no, post_no, misfit, effort, tie, cap_unit, cap_agency, cap_receiver, r1, r2
    from (
        select
            edges.*,
            claim.scale * edges.critical - posts.price_critical - persons.value_critical
            + coalesce(unit.price_critical, 0) + coalesce(agency.price_critical, 0) + coalesce(receiver.price_critical, 0) as r1,
            claim.scale * edges.imbalance - posts.price_imbalance - persons.value_imbalance
            + coalesce(unit.price_imbalance, 0) + coalesce(agency.price_imbalance, 0) + coalesce(receiver.price_imbalance, 0) as r2
        from edges
        cross join claim
        inner join posts on edges.post_no = posts.post_no
        inner join persons on edges.person_no = persons.person_no
        left join priced_caps as unit on edges.cap_unit = unit.cap_no
        left join priced_caps as agency on edges.cap_agency = agency.cap_no
        left join priced_caps as receiver on edges.cap_receiver = receiver.cap_no
    )
    where r1 < 0 or (r1 = 0 and r2 <= 0) or (person_no, post_no) in (select (person_no, post_no) from links)
),

reduced as (
    select
        r1 + coalesce(linked.critical, 0) as r1,
        r2 + coalesce(linked.imbalance, 0) as r2,
        claim.scale * suspects.misfit - posts.price_fit - persons.value_fit
        + coalesce(unit.price_fit, 0) + coalesce(agency.price_fit, 0) + coalesce(receiver.price_fit, 0) + coalesce(linked.fit, 0) as r3,
        claim.scale * suspects.effort - posts.price_effort - persons.value_effort
        + coalesce(unit.price_effort, 0) + coalesce(agency.price_effort, 0) + coalesce(receiver.price_effort, 0) + coalesce(linked.effort, 0) as r4,
        claim.scale * suspects.tie - posts.price_tie - persons.value_tie
        + coalesce(unit.price_tie, 0) + coalesce(agency.price_tie, 0) + coalesce(receiver.price_tie, 0) + coalesce(linked.tie, 0) as r5
    from suspects
    cross join claim
    inner join posts on suspects.post_no = posts.post_no
    inner join persons on suspects.person_no = persons.person_no
    left join priced_caps as unit on suspects.cap_unit = unit.cap_no
    left join priced_caps as agency on suspects.cap_agency = agency.cap_no
    left join priced_caps as receiver on suspects.cap_receiver = receiver.cap_no
    left join linked on suspects.person_no = linked.person_no and suspects.post_no = linked.post_no
),

-- A vacant seat is priced like its post, but never above what leaving it empty costs.
seat_prices as (
    select
        posts.price_critical as u1, posts.price_imbalance as u2, posts.price_fit as u3, posts.price_effort as u4, posts.price_tie as u5,
        claim.scale * seats.critical as p1, claim.scale * seats.imbalance as p2, claim.scale * seats.fit as p3,
        claim.scale * seats.effort as p4, claim.scale * seats.tie as p5,
        p1 < u1 or (p1 = u1 and (p2 < u2 or (p2 = u2 and (p3 < u3 or (p3 = u3 and (p4 < u4 or (p4 = u4 and p5 < u5))))))) as is_dear
    from seats
    cross join claim
    inner join posts on seats.post_no = posts.post_no
),

bound as (
    select
        sum(critical) as critical, sum(imbalance) as imbalance, sum(fit) as fit, sum(effort) as effort, sum(tie) as tie
    from (
        select
            sum(protected * price_critical) as critical, sum(protected * price_imbalance) as imbalance, sum(protected * price_fit) as fit,
            sum(protected * price_effort) as effort, sum(protected * price_tie) as tie
        from posts
        union all
        select sum(value_critical), sum(value_imbalance), sum(value_fit), sum(value_effort), sum(value_tie) from persons
        union all
        select
            -sum(most * price_critical), -sum(most * price_imbalance), -sum(most * price_fit), -sum(most * price_effort),
            -sum(most * price_tie)
        from caps
        union all
        select
            sum(if(is_dear, p1, u1)), sum(if(is_dear, p2, u2)), sum(if(is_dear, p3, u3)), sum(if(is_dear, p4, u4)), sum(if(is_dear, p5, u5))
        from seat_prices
    )
),

-- The dearest post and person of each block: no pair of the block that was left out can improve on less.
block_prices as (
    select blocks.*, max(posts.block_price) as dearest_post, any_value(people.dearest_person) as dearest_person
    from blocks
    left join (
        select agency_id, job_kind, job_id, [price_critical, price_imbalance, price_fit, price_effort] as block_price from posts
    ) as posts
        on blocks.agency_id = posts.agency_id and blocks.job_kind = posts.job_kind and blocks.job_id = posts.job_id
    left join (
        select agency_id, job_kind, job_id, max([value_critical, value_imbalance, value_fit, value_effort]) as dearest_person
        from persons
        group by all
    ) as people
        on blocks.origin_agency_id = people.agency_id and blocks.job_kind = people.job_kind and blocks.job_id = people.job_id
    where not blocks.is_complete
    group by all
),

counted as (select block_no, count(*) as edges from edges group by block_no),

-- One figure per table that any change of its rows changes; squared, so that rows cannot trade what they hold.
sums as (
    select
        (select sum(v * v % 2147483647) from (
            select ((((person_no * 1000003::bigint + post_no) * 31 + imbalance) * 131 + misfit * 7 + effort * 17 + critical) * 3 + tie) % 2147483647 as v from edges
        )) as edges,
        (select sum(v * v % 2147483647) from (
            select (((post_no * 1000003::bigint + seat_no) * 31 + critical) * 131 + imbalance) % 2147483647 as v from seats
        )) as seats,
        (select sum(v * v % 2147483647) from (
            select ((post_no * 1000003::bigint + protected) * 31 + people) % 2147483647 as v from posts
        )) as posts,
        (select sum(v * v % 2147483647) from (select (person_no * 1000003::bigint + home_no) % 2147483647 as v from persons)) as persons,
        (select sum(v * v % 2147483647) from (select (cap_no * 1000003::bigint + most) % 2147483647 as v from caps)) as caps,
        (select coalesce(sum(v * v % 2147483647), 0) from (
            select (((person_no * 1000003::bigint + post_no) * 31 + cap_no) * 131 + weight) % 2147483647 as v from links
        )) as links,
        (select sum(v * v % 2147483647) from (select (person_no * 1000003::bigint + post_no) % 2147483647 as v from plan)) as plan
),

checks as (
    select 1 as number, 'each move is a lawful pair' as proved, (select count(*) from moves where imbalance is null) as amiss
    union all
    select 2, 'nobody moves twice', (select count(*) from (select person_no from plan group by person_no having count(*) > 1))
    union all
    select 3, 'no post falls below what it may not lose', (select count(*) from present where present < protected)
    union all
    select 4, 'no post receives more people than it has seats for',
        (select count(*) from present left join open_seats using (post_no) where comes > 0 and present > greatest(people, protected + coalesce(open_seats, 0)))
    union all
    select 5, 'no cap is exceeded',
        (select count(*) from caps left join cap_use on caps.cap_no = cap_use.cap_no where caps.most < coalesce(cap_use.used, 0))
    union all
    select 6, 'no lawful pair costs less than its prices',
        (select count(*) from reduced
        where r1 < 0 or (r1 = 0 and (r2 < 0 or (r2 = 0 and (r3 < 0 or (r3 = 0 and (r4 < 0 or (r4 = 0 and r5 < 0))))))))
    union all
    select 7, 'nobody is worth less than nothing to the plan',
        (select count(*) from persons
        where
            value_critical > 0 or (value_critical = 0 and (value_imbalance > 0 or (value_imbalance = 0 and (
                value_fit > 0 or (value_fit = 0 and (value_effort > 0 or (value_effort = 0 and value_tie > 0)))
            )))))
    union all
    select 8, 'no cap has a price below nothing',
        (select count(*) from caps where [price_critical, price_imbalance, price_fit, price_effort, price_tie] < [0, 0, 0, 0, 0])
    union all
    select 9, 'the plan costs what is claimed',
        (select count(*) from cost, claim where [cost.critical, cost.imbalance, cost.fit, cost.effort, cost.tie] <> claim.row)
    union all
    select 10, 'the prices add up to the bound that is claimed',
        (select count(*) from bound, claim where [bound.critical, bound.imbalance, bound.fit, bound.effort, bound.tie] <> claim.bound)
    union all
    select 11, 'the plan costs the bound, or the gap is stated',
        (select count(*) from claim where claim.is_proved <> (list_transform(claim.row, lambda figure: figure * claim.scale) = claim.bound))
    union all
    select 12, 'seats stand from the dearest to the least',
        (select count(*) from (
            select
                critical > lag(critical) over by_seat or (critical = lag(critical) over by_seat and imbalance > lag(imbalance) over by_seat) as rises
            from seats
            window by_seat as (partition by post_no order by seat_no)
        ) where rises)
    union all
    select 13, 'misfit is what is missing to full fit', (select count(*) from edges where misfit <> 100 - fit)
    union all
    select 14, 'blocks that claim all their lawful pairs have them',
        (select count(*) from blocks left join counted using (block_no) where is_complete and lawful_pairs <> coalesce(edges, 0))
    union all
    select 15, 'of incomplete blocks no pair that was left out can improve the plan, or the plan says so',
        (select count(*) from block_prices, claim
        where
            claim.universe = 'all_lawful_pairs' and not is_looked_into
            and list_transform([0, least_imbalance, 0, least_effort], lambda figure: figure * claim.scale) < [
                dearest_post[1] + dearest_person[1], dearest_post[2] + dearest_person[2],
                dearest_post[3] + dearest_person[3], dearest_post[4] + dearest_person[4]
            ])
    union all
    select 16, 'the tables are those of the run',
        (select count(*) from sums, claim where [sums.edges, sums.seats, sums.posts, sums.persons, sums.caps, sums.links, sums.plan] is distinct from claim.sums)
    union all
    select 17, 'nobody who may stay is worth more than nothing at home',
        (select count(*)
        from (
            select
                price_critical + value_critical as w1, price_imbalance + value_imbalance as w2, price_fit + value_fit as w3,
                price_effort + value_effort as w4, price_tie + value_tie as w5
            from persons inner join posts on persons.home_no = posts.post_no
            where posts.protected > 0
        )
        where w1 > 0 or (w1 = 0 and (w2 > 0 or (w2 = 0 and (w3 > 0 or (w3 = 0 and (w4 > 0 or (w4 = 0 and w5 > 0))))))))
    union all
    select 18, 'who moves only together with somebody goes where that one goes',
        (select count(*)
        from (
            select persons.moves_with_person_id, posts.area
            from plan inner join persons on plan.person_no = persons.person_no inner join posts on plan.post_no = posts.post_no
            where persons.moves_with_person_id is not null
        ) as bound_moves
        anti join (
            select persons.person_id, posts.area
            from plan inner join persons on plan.person_no = persons.person_no inner join posts on plan.post_no = posts.post_no
        ) as others on bound_moves.moves_with_person_id = others.person_id and bound_moves.area = others.area)
)

select number, proved, amiss from checks order by number;
