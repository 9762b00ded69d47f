-- Names and facts beside the numbers of the plan: the tables of `out/`.
create or replace temp table post_balance as
with gone as (
    select persons.home_post_id as post_id, count(*) as leaves
    from explained_moves join persons using (person_no)
    group by all
),

come as (
    select post_no, count(*) as comes
    from explained_moves
    group by all
)

select
    places.post_id,
    places.agency_id,
    places.unit_id,
    places.unit_name,
    places.job_name,
    places.job_kind,
    places.is_critical,
    places.unit_route_code,
    places.need_fte,
    places.need_seats,
    places.staff_definitive as staff_before,
    places.staff_definitive - coalesce(gone.leaves, 0) + coalesce(come.comes, 0) as staff_after,
    places.need_fte / nullif(places.staff_definitive, 0) as pressure_before,
    places.need_fte / nullif(places.staff_definitive - coalesce(gone.leaves, 0) + coalesce(come.comes, 0), 0) as pressure_after,
    coalesce(gone.leaves, 0) as leaves,
    coalesce(come.comes, 0) as comes,
    places.open_seats
from transfer_posts as places
left join posts on places.post_id = posts.post_id
left join gone on places.post_id = gone.post_id
left join come on posts.post_no = come.post_no;

create or replace temp table out_units as
select
    agency_id,
    unit_id,
    sum(need_fte) as need_fte,
    cast(sum(staff_before) as double) as staff_before,
    cast(sum(staff_after) as double) as staff_after,
    sum(need_fte) / nullif(sum(staff_before), 0) as pressure_before,
    sum(need_fte) / nullif(sum(staff_after), 0) as pressure_after,
    cast(sum(comes) as bigint) as moves_in,
    cast(sum(leaves) as bigint) as moves_out
from post_balance
where need_fte is not null
group by agency_id, unit_id
order by agency_id, unit_id;

-- The route of each move: that of the unit, where officials of the unit go another way, else that of the two agencies.
create or replace temp table move_routes as
select
    moves.person_no,
    moves.post_no,
    arg_min(routes.route_code, (not routes.is_override)::integer) as route_code,
    arg_min(routes.decided_by, (not routes.is_override)::integer) as decided_by
from explained_moves as moves
join persons using (person_no)
join posts using (post_no)
join transfer_posts as places on posts.post_id = places.post_id
join transfer_posts as homes on persons.home_post_id = homes.post_id
join transfer_routes as routes
    on
        persons.agency_id = routes.origin_agency_id
        and posts.agency_id = routes.destination_agency_id
        and (routes.job_kinds = 'all' or contains(' ' || routes.job_kinds || ' ', ' ' || places.job_kind || ' '))
        and (not routes.is_override or routes.route_code in (places.unit_route_code, homes.unit_route_code))
group by all;

-- What the data prove need not be brought: the ABK of two posts with a known need, a licence where the job asks for none.
create or replace temp table move_documents as
select
    moves.person_no,
    moves.post_no,
    ' ' || string_agg(documents.document_code, ' ' order by documents.document_code) || ' ' as missing_documents
from explained_moves as moves
join persons using (person_no)
join edges using (person_no, post_no)
join transfer_people as people on persons.person_id = people.person_id
join move_routes as routes using (person_no, post_no)
cross join publication as today
join posts using (post_no)
join transfer_posts as places on posts.post_id = places.post_id
join transfer_posts as homes on persons.home_post_id = homes.post_id
join route_documents as documents
    on
        (documents.document_code <> 'ABK' or places.need_seats is null or homes.need_seats is null)
        and (documents.initiative = 'any' or (documents.initiative = 'own_request' and edges.is_wished))
        and (documents.route_codes = 'all' or contains(' ' || documents.route_codes || ' ', ' ' || routes.route_code || ' '))
        and not contains(coalesce(people.proved_documents, ''), ' ' || documents.document_code || ' ')
        and documents.valid_from <= today.as_of
        and coalesce(documents.valid_to >= today.as_of, true)
group by all;

-- Who moves only together with whom, both ways: each of the two moves is named beside the other.
create or replace temp table companions as
with bound as (
    select people.person_id, people.moves_with_person_id as other_id
    from explained_moves as moves
    join persons as people using (person_no)
    where people.moves_with_person_id is not null
)

select person_id, min(other_id) as companion_id
from (from bound union all select other_id, person_id from bound)
group by person_id;

create or replace temp table out_candidates as
with ranked_packages as (
    select
        explained_moves.package_no,
        arg_min(posts.agency_id, explained_moves.place) as agency_id,
        max(gain_critical) as critical,
        max(gain_imbalance) as imbalance,
        avg(edges.misfit) as misfit,
        count(*) as moves
    from explained_moves
    join posts using (post_no)
    join edges using (person_no, post_no)
    group by explained_moves.package_no
),

queued as (
    select
        *,
        row_number() over (partition by agency_id order by critical desc, imbalance desc, misfit, package_no) as package_rank,
        sum(moves) over (
            partition by agency_id order by critical desc, imbalance desc, misfit, package_no
            rows between unbounded preceding and current row
        ) as moves_so_far
    from ranked_packages
),

priority as (
    select agencies.agency_id, try_cast(policy.value as bigint) as most
    from (select distinct agency_id from ranked_packages) as agencies
    cross join publication as today
    join transfer_policy as policy
        on
            policy.policy_code = 'cap_priority_per_agency'
            and coalesce(policy.agency_id = agencies.agency_id, true)
            and policy.valid_from <= today.as_of
            and coalesce(policy.valid_to >= today.as_of, true)
    qualify row_number() over (partition by agencies.agency_id order by policy.agency_id nulls last, policy.valid_from desc) = 1
),

facts as (
    select
        'M' || left(md5(persons.person_id || ' ' || posts.post_id), 12) as candidate_id,
        options.solve,
        case when queued.moves_so_far <= priority.most then 'priority' else 'reserve' end as part,
        row_number() over (partition by queued.agency_id order by queued.package_rank, moves.place) as rank,
        persons.person_id,
        persons.home_post_id as from_post_id,
        posts.post_id as to_post_id,
        persons.agency_id as agency_from,
        posts.agency_id as agency_to,
        'R' || lpad(cast(moves.package_no + 1 as varchar), 5, '0') as chain_id,
        moves.place + 1 as chain_order,
        moves.package_moves as chain_length,
        case when moves.is_swap then 'cycle' else 'path' end as chain_kind,
        edges.fit as fit_points,
        edges.education_points as fit_education,
        edges.competence_points as fit_competence,
        edges.experience_points as fit_experience,
        edges.performance_points as fit_performance,
        edges.potential_points as fit_potential,
        edges.preference_points as fit_preference,
        edges.distance_points as fit_distance,
        edges.ground_points as fit_ground,
        edges.due_points as fit_due,
        assessable(edges, terms) as fit_possible,
        edges.km,
        -- From home to the present post, less that to the new one; nothing where the home is not known.
        cast(kilometres(persons.latitude, persons.longitude, persons.post_latitude, persons.post_longitude) as bigint) - edges.km as km_saved,
        moves.gain_imbalance as gain,
        moves.gain_critical,
        cast(moves.refusal_imbalance as bigint) as price_of_refusal,
        cast(moves.refusal_critical as bigint) as price_of_refusal_critical,
        cast(moves.refusal_fit as bigint) as price_of_refusal_fit,
        moves.refusal_is_exact,
        runner_up.person_id as runner_up_person_id,
        case when runner_up.person_id is not null then cast(moves.refusal_imbalance as bigint) end as runner_up_price,
        case when runner_up.person_id is not null then cast(moves.refusal_fit as bigint) end as runner_up_price_fit,
        -- A plan without the move that costs the same in all but the tie-break is as good.
        cast(coalesce(
            moves.refusal_is_exact and moves.refusal_critical = 0 and moves.refusal_imbalance = 0 and moves.refusal_fit = 0
            and moves.refusal_effort = 0, false
        ) as bigint) as ties,
        case when edges.is_wished then 'own_request' else 'organisation' end as initiative,
        companions.companion_id as companion_person_id,
        edges.relocation,
        edges.was_published,
        target.is_critical as is_critical_post,
        trim(concat(persons.review_rules, edges.review_rules)) as review_rules,
        people.passed_rules,
        people.unchecked_rules,
        people.is_due,
        origin.need_fte as origin_need,
        origin.need_seats as origin_need_seats,
        origin.staff_before as origin_staff_before,
        origin.staff_after as origin_staff_after,
        origin.pressure_before as origin_pressure_before,
        origin.pressure_after as origin_pressure_after,
        target.need_fte as dest_need,
        target.staff_before as dest_staff_before,
        target.staff_after as dest_staff_after,
        target.pressure_before as dest_pressure_before,
        target.pressure_after as dest_pressure_after,
        routes.route_code,
        coalesce(documents.missing_documents, '') as missing_documents
    from explained_moves as moves
    join persons using (person_no)
    join posts using (post_no)
    join edges using (person_no, post_no)
    join queued using (package_no)
    join priority on queued.agency_id = priority.agency_id
    cross join options
    cross join terms
    join transfer_people as people on persons.person_id = people.person_id
    join post_balance as origin on persons.home_post_id = origin.post_id
    join post_balance as target on posts.post_id = target.post_id
    left join persons as runner_up on moves.runner_up_no = runner_up.person_no
    left join move_routes as routes on persons.person_no = routes.person_no and posts.post_no = routes.post_no
    left join companions on persons.person_id = companions.person_id
    left join move_documents as documents on persons.person_no = documents.person_no and posts.post_no = documents.post_no
)

select
    facts.*,
    cast(to_json(list_filter([
        case
            when is_critical_post and gain_critical > 0 and dest_staff_after > dest_staff_before
                then {'code': 'FILLS_CRITICAL_SEAT', 'params': json_object('post', to_post_id)}
        end,
        {'code': case when dest_staff_after > dest_staff_before then 'RELIEVES_DESTINATION' else 'REPLACES_LEAVER' end, 'params': json_object(
            'need', round(dest_need, 2), 'staff_before', dest_staff_before, 'staff_after', dest_staff_after,
            'pressure_before', round(dest_pressure_before, 2), 'pressure_after', round(dest_pressure_after, 2)
        )},
        case
            when origin_staff_after < origin_staff_before
                then {
                    'code': case when origin_staff_after >= origin_need_seats then 'ORIGIN_KEEPS_ITS_NEED' else 'ORIGIN_FALLS_SHORT' end,
                    'params': json_object(
                        'need', round(origin_need, 2), 'seats', origin_need_seats,
                        'staff_before', origin_staff_before, 'staff_after', origin_staff_after
                    )
                }
            else {'code': 'ORIGIN_IS_REPLACED', 'params': json_object('chain', chain_id, 'staff_after', origin_staff_after)}
        end,
        case when chain_length > 1 then {'code': 'PART_OF_CHAIN', 'params': json_object(
            'chain', chain_id, 'order', chain_order, 'length', chain_length, 'kind', chain_kind
        )} end,
        case when companion_person_id is not null then {'code': 'MOVES_TOGETHER', 'params': json_object('person', companion_person_id)} end,
        case when initiative = 'own_request' then {'code': 'WISHED', 'params': json_object('points', fit_preference)} end,
        case when coalesce(fit_ground, 0) > 0 then {'code': 'VERIFIED_GROUND', 'params': json_object('points', fit_ground)} end,
        case when is_due then {'code': 'DUE', 'params': json_object('points', fit_due)} end,
        {'code': 'FIT', 'params': json_object(
            'points', fit_points, 'possible', fit_possible, 'education', fit_education, 'competence', fit_competence,
            'experience', fit_experience, 'performance', fit_performance, 'potential', fit_potential, 'preference', fit_preference,
            'distance', fit_distance, 'ground', fit_ground, 'due', fit_due, 'km', km
        )},
        case
            when runner_up_person_id is not null then {'code': 'RUNNER_UP', 'params': json_object(
                'person', runner_up_person_id, 'imbalance', runner_up_price, 'fit', runner_up_price_fit
            )}
        end,
        case
            when price_of_refusal is not null then {'code': 'PRICE_OF_REFUSAL', 'params': json_object(
                'critical', price_of_refusal_critical, 'imbalance', price_of_refusal, 'fit', price_of_refusal_fit, 'is_exact', refusal_is_exact
            )}
        end,
        case when ties > 0 then {'code': 'EQUALLY_GOOD_PLAN', 'params': json_object('plans', ties)} end,
        case when was_published then {'code': 'PUBLISHED_LAST_WEEK', 'params': json_object()} end,
        case when review_rules <> '' then {'code': 'NEEDS_ITEMS', 'params': json_object('rules', review_rules)} end
    ], lambda reason: reason is not null)) as varchar) as reasons
from facts
order by agency_to, rank;

create or replace temp table out_unfilled_posts as
with worst as (
    select
        post_id,
        arg_max(rule_code, [people_failed_alone, people_failed]) as rule_code,
        max([people_failed_alone, people_failed]) as lost,
        max(people_review) as in_review
    from pair_rules
    where people_failed + people_review > 0
    group by post_id
),

kept as (
    select post_id, max(people_lawful) as people
    from pair_rules
    group by post_id
)

select
    posts.post_id,
    posts.agency_id,
    places.unit_id,
    places.is_critical,
    empty.empty_seats as seats,
    case
        when empty.pairs = 0 and places.job_kind = 'jpt' then 'open_selection'
        when empty.pairs = 0 and places.job_kind in ('administrator', 'pengawas') then 'three_names'
        when empty.pairs = 0 and kept.people > 0 then 'held_back'
        when empty.pairs = 0 and coalesce(worst.in_review, 0) > 0 then 'review'
        when empty.pairs = 0 then 'no_lawful_person'
        when empty.free > 0 then 'gain_below_minimum'
        when empty.capped > 0 then 'capped'
        when empty.capped_and_small > 0 then 'capped_and_small'
        when empty.moved_elsewhere > 0 then 'competed'
        else 'needed_at_home'
    end as reason_code,
    empty.pairs as people_competing,
    empty.moved_elsewhere,
    empty.needed_at_home,
    empty.free,
    empty.capped + empty.capped_and_small as capped,
    worst.rule_code as costliest_rule_code,
    coalesce(nullif(worst.lost[1], 0), worst.lost[2]) as people_lost_by_rule,
    cast(case
        when empty.rival_posts > 0
            then to_json({'posts': empty.rival_posts, 'seats': empty.contested_seats, 'people': empty.contested_people})
    end as varchar) as hall_group
from explained_posts as empty
join posts using (post_no)
join transfer_posts as places on posts.post_id = places.post_id
left join worst on posts.post_id = worst.post_id
left join kept on posts.post_id = kept.post_id
order by posts.post_id;

create or replace temp table out_why_not as
select
    people.person_id,
    people.agency_id,
    people.outcome,
    people.failed_rules,
    people.review_rules,
    best.post_id as best_post_id,
    case
        when people.outcome = 'NOT_ELIGIBLE' then 'rules_failed'
        when persons.person_no is null and people.outcome = 'REVIEW' then 'items_missing'
        when persons.person_no is null then 'move_or_objection_open'
        when couples.person_no is not null then 'companion_stays'
        when stays.person_no is null then 'no_lawful_post'
        when stays.is_needed_at_home then 'needed_at_home'
        when stays.is_capped then 'capped'
        else 'others_suit_better'
    end as reason_code,
    cast(round(stays.missed_imbalance) as bigint) as price,
    cast(round(stays.missed_critical) as bigint) as price_critical,
    cast(round(stays.missed_fit) as bigint) as price_fit,
    coalesce(stays.pairs, 0) as pairs
from transfer_people as people
left join persons on people.person_id = persons.person_id
left join explained_moves as moves on persons.person_no = moves.person_no
left join explained_people as stays on persons.person_no = stays.person_no
left join posts as best on stays.best_post_no = best.post_no
left join couples on persons.person_no = couples.person_no
where moves.person_no is null
order by people.person_id;

-- What each missing item would unlock, in the plan that admits people and pairs under review.
create or replace temp table out_unlocks as
with items as (
    select candidates.*, unnest(list_distinct(list_filter(string_split(review_rules, ' '), lambda code: code <> ''))) as rule_code
    from out_candidates as candidates
    where review_rules <> ''
)

select
    items.person_id,
    items.rule_code,
    arg_max(rules.missing_item, rules.valid_from) as item,
    items.to_post_id as post_id,
    items.gain,
    items.gain_critical,
    items.is_critical_post
from items
left join transfer_rules as rules on items.rule_code = rules.rule_code
group by all
order by items.person_id, items.rule_code;
