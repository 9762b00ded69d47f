-- The problem of one cycle from the frozen planning tables: people, posts, seats, caps, and the lawful pairs with what each
-- costs. Numbers stand in the order of the ids, so that the same tables give the same problem in whatever order they come.
-- Read with the tables of `inputs/` as views and `options(admit_review)`.

create or replace table terms as
with dated as (
    select policy.policy_code, policy.value
    from transfer_policy as policy
    cross join publication as today
    where
        policy.agency_id is null and policy.valid_from <= today.as_of and coalesce(policy.valid_to >= today.as_of, true)
    qualify row_number() over (partition by policy.policy_code order by policy.valid_from desc) = 1
)
pivot (select 1 as one, policy_code, try_cast(value as bigint) as number from dated)
on policy_code in (
    'minimum_gain', 'minimum_fit', 'switching_cost', 'weight_education', 'weight_competence', 'weight_experience',
    'weight_performance', 'weight_potential', 'weight_preference', 'weight_distance', 'weight_ground', 'weight_due',
    'experience_full_months', 'training_full_hours', 'distance_zero_km', 'distance_cost_per_km', 'move_cost',
    'involuntary_allowed', 'involuntary_cost', 'critical_weight', 'cap_leaving_unit_people', 'cap_leaving_unit_pct',
    'cap_moves_per_agency', 'relocation_budget', 'relocation_cost', 'relocation_cost_per_km'
)
using max(number);

create or replace table education_now as
select matches.education_field, matches.job_family, max(matches.points) as points
from education_match as matches
cross join publication as today
where matches.valid_from <= today.as_of and coalesce(matches.valid_to >= today.as_of, true)
group by all;

create or replace table refused as
select distinct person_id, post_id
from transfer_locks
where kind = 'refused' and post_id is not null;

create or replace table rules_on_missing as
select rule.rule_code, rule.on_missing
from transfer_rules as rule
cross join publication as today
where rule.valid_from <= today.as_of and coalesce(rule.valid_to >= today.as_of, true);

-- Who takes part: rules kept (or only to be proved, where that is asked), and no move, refusal or objection of their own open.
create or replace table persons as
with barred as (
    select distinct person_id
    from transfer_locks
    where kind in ('in_process', 'approved', 'objection') or (kind = 'refused' and post_id is null)
),

taking_part as (
    select people.*, options.admit_review
    from transfer_people as people
    cross join options
    inner join transfer_posts as homes on people.post_id = homes.post_id
    anti join barred on people.person_id = barred.person_id
    where people.outcome = 'ELIGIBLE' or (options.admit_review and people.outcome = 'REVIEW')
),

districts as (
    select region_code, avg(latitude) as latitude, avg(longitude) as longitude
    from transfer_posts
    where latitude is not null and longitude is not null
    group by region_code
),

wishing as (select distinct person_id from transfer_wishes),

trained_agencies as (
    select people.agency_id
    from job_experience as experience
    inner join transfer_people as people on experience.person_id = people.person_id
    group by people.agency_id
    having sum(experience.training_hours) > 0
)

select
    cast(row_number() over (order by people.person_id) - 1 as integer) as person_no,
    people.person_id,
    people.agency_id,
    people.post_id as home_post_id,
    homes.unit_id as home_unit_id,
    people.outcome,
    people.review_rules,
    people.job_kind,
    people.job_level,
    people.job_id,
    people.job_class,
    people.proved_sub_job,
    cast(golongan.golongan_order as integer) as golongan_order,
    cast(levels.level_order as integer) as education_order,
    -- A field that the table of matches has nowhere is not known; one that it has elsewhere earns nothing here.
    case when people.education_field in (select education_field from education_now) then people.education_field end as education_field,
    people.performance_points,
    people.potential_box,
    people.is_due,
    people.accepts_inter_agency,
    people.moves_with_person_id,
    homes.region_code as home_region_code,
    homes.latitude as post_latitude,
    homes.longitude as post_longitude,
    wishing.person_id is not null as has_wishes,
    trained_agencies.agency_id is not null as has_trainings,
    coalesce(districts.latitude, homes.latitude) as latitude,
    coalesce(districts.longitude, homes.longitude) as longitude
from taking_part as people
inner join transfer_posts as homes on people.post_id = homes.post_id
left join golongan on people.golongan_code = golongan.golongan_code and golongan.scheme = 'pns'
left join education_levels as levels on people.education_level_code = levels.education_level_code
left join districts on people.home_district_code = districts.region_code
left join wishing on people.person_id = wishing.person_id
left join trained_agencies on people.agency_id = trained_agencies.agency_id;

-- Who may leave and come. The usual floor is the need. At equal pressure, which needs an explicit decision, a job that is short
-- everywhere in an agency is shared out: a post may fall to the agency's level of staff to need, and be filled up to it.
create or replace table staffing as
with asked as (
    select coalesce(max(policy.value), 'need') as donor_floor
    from transfer_policy as policy
    cross join publication as today
    where
        policy.policy_code = 'donor_floor'
        and policy.agency_id is null
        and policy.valid_from <= today.as_of
        and coalesce(policy.valid_to >= today.as_of, true)
),

levels as (
    select agency_id, job_kind, job_id, least(1, sum(staff_definitive - people_leaving + people_coming) / sum(need_fte)) as level
    from transfer_posts
    where need_seats is not null and need_fte > 0
    group by agency_id, job_kind, job_id
)

select
    posts.post_id,
    asked.donor_floor,
    case
        when asked.donor_floor <> 'equal_pressure' or posts.need_seats is null or levels.level is null then posts.releasable
        else cast(greatest(0, floor(posts.staff_definitive - posts.people_leaving - posts.need_fte * levels.level)) as bigint)
    end as releasable,
    case
        when asked.donor_floor <> 'equal_pressure' or levels.level is null then posts.open_seats
        else cast(
            least(
                posts.open_seats,
                greatest(0, floor(posts.need_fte * levels.level - posts.staff_definitive + posts.people_leaving - posts.people_coming))
            ) as bigint
        )
    end as open_seats
from transfer_posts as posts
cross join asked
left join levels on posts.agency_id = levels.agency_id and posts.job_kind = levels.job_kind and posts.job_id = levels.job_id;

-- A post that has open seats releases nobody: it would fill its own seats by letting its people stay.
create or replace table posts as
with at_home as (
    select home_post_id as post_id, count(*) as people
    from persons
    group by home_post_id
),

together as (
    select coalesce(max(policy.value), 'district') as reach
    from transfer_policy as policy
    cross join publication as today
    where
        policy.policy_code = 'joint_move_area'
        and policy.agency_id is null
        and policy.valid_from <= today.as_of
        and coalesce(policy.valid_to >= today.as_of, true)
)

select
    cast(row_number() over (order by posts.post_id) - 1 as integer) as post_no,
    posts.post_id,
    posts.agency_id,
    posts.unit_id,
    posts.job_kind,
    posts.job_level,
    posts.job_id,
    posts.job_class,
    posts.job_family,
    posts.sub_job,
    cast(lowest.golongan_order as integer) as golongan_min_order,
    cast(highest.golongan_order as integer) as golongan_max_order,
    cast(levels.level_order as integer) as education_order,
    posts.region_code,
    -- Whoever moves together goes to the same area: the kecamatan, or the kabupaten or kota it belongs to.
    case
        when together.reach = 'regency' then array_to_string(string_split(posts.region_code, '.')[1:2], '.')
        else posts.region_code
    end as area,
    posts.latitude,
    posts.longitude,
    posts.need_fte,
    posts.staff_definitive - posts.people_leaving + posts.people_coming as staff,
    staffing.open_seats,
    posts.is_critical,
    coalesce(at_home.people, 0) as people,
    case
        when staffing.open_seats > 0 then coalesce(at_home.people, 0)
        else greatest(0, coalesce(at_home.people, 0) - staffing.releasable)
    end as protected
from transfer_posts as posts
inner join staffing on posts.post_id = staffing.post_id
cross join together
left join golongan as lowest on posts.golongan_min = lowest.golongan_code and lowest.scheme = 'pns'
left join golongan as highest on posts.golongan_max = highest.golongan_code and highest.scheme = 'pns'
left join education_levels as levels on posts.min_education_code = levels.education_level_code
left join at_home on posts.post_id = at_home.post_id
where at_home.people > 0 or staffing.open_seats > 0;

-- What leaving the k-th seat empty costs: the fall of need x (1 - staff / need)^2 that filling it brings, in thousandths.
create or replace table seats as
with each as (
    select posts.*, unnest(generate_series(0, posts.open_seats - 1)) as nth
    from posts
    where posts.open_seats > 0
)

select
    each.post_no,
    cast(each.nth as integer) as seat_no,
    case when each.is_critical then terms.critical_weight else 0 end as critical,
    cast(greatest(0, round(
        1000 * (
            greatest(0, need_fte - staff - nth) ** 2 - greatest(0, need_fte - staff - nth - 1) ** 2
        ) / greatest(need_fte, 0.001)
    )) as bigint) as imbalance
from each
cross join terms;

-- Caps: people who leave a unit, moves of an agency, and what an agency can pay for moves that its people did not ask for; an
-- agency's own row of the policy goes before the general one.
create or replace table caps as
with own as (
    select policy.agency_id, policy.policy_code, try_cast(policy.value as bigint) as number
    from transfer_policy as policy
    cross join publication as today
    where
        policy.agency_id is not null
        and policy.valid_from <= today.as_of
        and coalesce(policy.valid_to >= today.as_of, true)
    qualify row_number() over (partition by policy.agency_id, policy.policy_code order by policy.valid_from desc) = 1
),

chosen as (
    select
        agencies.agency_id,
        coalesce(max(case when own.policy_code = 'cap_moves_per_agency' then own.number end), any_value(terms.cap_moves_per_agency)) as moves,
        coalesce(max(case when own.policy_code = 'cap_leaving_unit_people' then own.number end), any_value(terms.cap_leaving_unit_people)) as people,
        coalesce(max(case when own.policy_code = 'cap_leaving_unit_pct' then own.number end), any_value(terms.cap_leaving_unit_pct)) as pct,
        coalesce(max(case when own.policy_code = 'relocation_budget' then own.number end), any_value(terms.relocation_budget)) as budget
    from (select distinct agency_id from posts) as agencies
    cross join terms
    left join own on agencies.agency_id = own.agency_id
    group by agencies.agency_id
),

units as (
    select agency_id, unit_id, sum(staff_definitive) as staff
    from transfer_posts
    where unit_id in (select home_unit_id from persons)
    group by agency_id, unit_id
),

every_kind as (
    select 'agency' as kind, agency_id, null as unit_id, moves as most
    from chosen
    union all
    select 'budget' as kind, agency_id, null as unit_id, budget as most
    from chosen
    where budget is not null
    union all
    select 'unit' as kind, units.agency_id, units.unit_id, greatest(chosen.people, cast(floor(units.staff * chosen.pct / 100) as bigint)) as most
    from units
    inner join chosen on units.agency_id = chosen.agency_id
)

select
    cast(row_number() over (order by kind, agency_id, unit_id) - 1 as integer) as cap_no,
    kind,
    agency_id,
    unit_id,
    cast(null as integer) as person_no,
    cast(null as varchar) as area,
    most
from every_kind;

-- Ways from agency to agency: within one, or between two that both consent (an agency's own row of the policy goes before the
-- general one), and whether the law's way there is known for a kind of job.
create or replace table ways as
with scope as (
    select agencies.agency_id, policy.value = 'inter_agency' as is_wide
    from (select distinct agency_id from posts) as agencies
    cross join publication as today
    inner join transfer_policy as policy
        on
            policy.policy_code = 'scope'
            and (policy.agency_id is null or agencies.agency_id = policy.agency_id)
            and policy.valid_from <= today.as_of
            and coalesce(policy.valid_to >= today.as_of, true)
    qualify row_number() over (partition by agencies.agency_id order by policy.agency_id nulls last, policy.valid_from desc) = 1
),

kinds as (select distinct job_kind from posts where job_kind is not null)

select
    sending.agency_id as origin_agency_id,
    receiving.agency_id as agency_id,
    kinds.job_kind,
    bool_or(routes.route_code is not null) as has_route
from scope as sending
inner join scope as receiving on sending.agency_id = receiving.agency_id or (sending.is_wide and receiving.is_wide)
cross join kinds
left join transfer_routes as routes
    on
        sending.agency_id = routes.origin_agency_id
        and receiving.agency_id = routes.destination_agency_id
        and not routes.is_override
        and (routes.job_kinds = 'all' or contains(' ' || routes.job_kinds || ' ', ' ' || kinds.job_kind || ' '))
group by all;

-- People and posts that can be compared at all: the same kind and title of job, where there is a way.
create or replace table blocks as
with people as (
    select agency_id, job_kind, job_id, count(*) as people
    from persons
    where job_id is not null and job_kind is not null
    group by all
),

places as (
    select agency_id, job_kind, job_id, count(*) as posts
    from posts
    where job_id is not null and job_kind is not null
    group by all
)

select
    cast(row_number() over (order by people.agency_id, places.agency_id, people.job_kind, people.job_id) - 1 as integer) as block_no,
    people.agency_id as origin_agency_id,
    places.agency_id as agency_id,
    people.job_kind,
    people.job_id,
    people.people,
    places.posts
from people
inner join places on people.job_kind = places.job_kind and people.job_id = places.job_id
semi join ways
    on people.agency_id = ways.origin_agency_id and places.agency_id = ways.agency_id and places.job_kind = ways.job_kind;

-- The blocks whose pairs the views below give: all, until fewer are asked for.
create or replace table asked_blocks as select block_no from blocks;

-- People who declared that they move only together with somebody; who that is may have declared nothing. If the other takes
-- no part this week, neither can they.
create or replace table couples as
select people.person_no, others.person_no as other_no
from persons as people
left join persons as others on people.moves_with_person_id = others.person_id
where people.moves_with_person_id is not null;

-- For each area to which such a person could go, a cap of nothing: the own move there counts 1, the other's -1.
insert into caps
select
    (select coalesce(max(cap_no), -1) from caps) + row_number() over (order by reachable.person_no, reachable.area) as cap_no,
    'couple' as kind,
    reachable.agency_id,
    cast(null as varchar) as unit_id,
    reachable.person_no,
    reachable.area,
    0 as most
from (
    select distinct couples.person_no, persons.agency_id, posts.area
    from couples
    inner join persons on couples.person_no = persons.person_no
    inner join blocks
        on persons.agency_id = blocks.origin_agency_id and persons.job_kind = blocks.job_kind and persons.job_id = blocks.job_id
    inner join posts on blocks.agency_id = posts.agency_id and blocks.job_kind = posts.job_kind and blocks.job_id = posts.job_id
    where couples.other_no is not null and posts.area is not null
) as reachable;

create or replace view judged_pairs as
select
    blocks.block_no,
    persons.person_no,
    posts.post_no,
    case
        when posts.job_kind <> 'jf' then 'PASS'
        when persons.job_level is null or posts.job_level is null then 'MISSING'
        when persons.job_level = posts.job_level then 'PASS'
        else 'FAIL'
    end as finding_d1,
    'PASS' as finding_d2,
    case
        when posts.sub_job is null then 'PASS'
        when persons.proved_sub_job is null then 'MISSING'
        when lower(persons.proved_sub_job) = lower(posts.sub_job) then 'PASS'
        else 'FAIL'
    end as finding_d3,
    case
        when posts.golongan_min_order is null and posts.golongan_max_order is null then 'PASS'
        when persons.golongan_order is null then 'MISSING'
        when persons.golongan_order < posts.golongan_min_order then 'FAIL'
        when persons.golongan_order > posts.golongan_max_order then 'FAIL'
        else 'PASS'
    end as finding_d4,
    case
        when posts.education_order is null then 'PASS'
        when persons.education_order is null then 'MISSING'
        when persons.education_order < posts.education_order then 'FAIL'
        else 'PASS'
    end as finding_d5,
    case
        when persons.job_class is not null and posts.job_class is not null
            then case when posts.job_class < persons.job_class then 'FAIL' else 'PASS' end
        when persons.job_id = posts.job_id then 'PASS'
        else 'MISSING'
    end as finding_d6,
    case when ways.has_route is null then 'FAIL' when ways.has_route then 'PASS' else 'MISSING' end as finding_d8
from persons
inner join blocks
    on persons.agency_id = blocks.origin_agency_id and persons.job_kind = blocks.job_kind and persons.job_id = blocks.job_id
semi join asked_blocks on blocks.block_no = asked_blocks.block_no
inner join posts on blocks.agency_id = posts.agency_id and blocks.job_kind = posts.job_kind and blocks.job_id = posts.job_id
left join ways
    on persons.agency_id = ways.origin_agency_id and posts.agency_id = ways.agency_id and posts.job_kind = ways.job_kind
left join couples on persons.person_no = couples.person_no
-- R7: nobody is led to a post whose need no final ABK shows, or that is in doubt, not even to a seat that a colleague leaves.
anti join (select post_id from transfer_posts where state in ('unknown', 'review')) as doubtful on posts.post_id = doubtful.post_id
where
    persons.home_post_id <> posts.post_id
    and (couples.person_no is null or (couples.other_no is not null and posts.area is not null))
    and (blocks.origin_agency_id = blocks.agency_id or persons.accepts_inter_agency);

-- Lawful pairs: no rule fails; where what is missing asks for a review, only if reviews are admitted.
create or replace table meaning as
pivot rules_on_missing on rule_code in ('D1', 'D3', 'D4', 'D5', 'D8') using max(on_missing);

create or replace view lawful_pairs as
with settled as (
    select
        judged.block_no,
        judged.person_no,
        judged.post_no,
        case when finding_d1 = 'MISSING' then coalesce(meaning."D1", 'PASS') else finding_d1 end as outcome_d1,
        case when finding_d3 = 'MISSING' then coalesce(meaning."D3", 'PASS') else finding_d3 end as outcome_d3,
        case when finding_d4 = 'MISSING' then coalesce(meaning."D4", 'PASS') else finding_d4 end as outcome_d4,
        case when finding_d5 = 'MISSING' then coalesce(meaning."D5", 'PASS') else finding_d5 end as outcome_d5,
        case when finding_d8 = 'MISSING' then coalesce(meaning."D8", 'PASS') else finding_d8 end as outcome_d8
    from judged_pairs as judged
    cross join meaning
    where judged.finding_d6 <> 'FAIL'
)

select
    settled.block_no,
    settled.person_no,
    settled.post_no,
    concat(
        case when outcome_d1 = 'REVIEW' then ' D1' else '' end,
        case when outcome_d3 = 'REVIEW' then ' D3' else '' end,
        case when outcome_d4 = 'REVIEW' then ' D4' else '' end,
        case when outcome_d5 = 'REVIEW' then ' D5' else '' end,
        case when outcome_d8 = 'REVIEW' then ' D8' else '' end
    ) as review_rules
from settled
cross join options
where
    'FAIL' not in (outcome_d1, outcome_d3, outcome_d4, outcome_d5, outcome_d8)
    and (options.admit_review or 'REVIEW' not in (outcome_d1, outcome_d3, outcome_d4, outcome_d5, outcome_d8));

-- Wishes that a post fulfils: the dearest, and whether one of them stands on a verified ground.
create or replace table granted as
with wishing as (
    select persons.person_no, persons.agency_id, persons.job_id, wishes.*
    from transfer_wishes as wishes
    inner join persons on wishes.person_id = persons.person_id
),

-- One join for each kind of wish: a join on any of four conditions would compare every wish with every post.
fulfilled as (
    select wishing.*, posts.post_no
    from wishing
    inner join posts on wishing.wish_kind = 'post' and wishing.wish_value = posts.post_id
    union all
    select wishing.*, posts.post_no
    from wishing
    inner join posts on wishing.wish_kind = 'unit' and wishing.wish_value = posts.unit_id and wishing.agency_id = posts.agency_id
    union all
    select wishing.*, posts.post_no
    from wishing
    inner join posts on wishing.wish_kind = 'district' and wishing.wish_value = posts.region_code
    union all
    select wishing.*, posts.post_no
    from wishing
    inner join posts on wishing.wish_kind = 'any' and wishing.agency_id = posts.agency_id and wishing.job_id = posts.job_id
)

select person_no, post_no, min(wish_rank) as wish_rank, bool_or(ground is not null) as has_ground
from fulfilled
group by person_no, post_no;

-- The points that a pair could have, of the components of which something is known.
create or replace macro assessable(pair, terms) as
    case when pair.education_points is not null then terms.weight_education else 0 end
    + case when pair.competence_points is not null then terms.weight_competence else 0 end
    + case when pair.experience_points is not null then terms.weight_experience else 0 end
    + case when pair.performance_points is not null then terms.weight_performance else 0 end
    + case when pair.potential_points is not null then terms.weight_potential else 0 end
    + case when pair.preference_points is not null then terms.weight_preference else 0 end
    + case when pair.distance_points is not null then terms.weight_distance else 0 end
    + coalesce(pair.ground_points, 0) + coalesce(pair.due_points, 0);

-- Whole kilometres along the great circle from one place to another.
create or replace macro kilometres(lat, lon, to_lat, to_lon) as
    round(6371 * 2 * asin(least(1, sqrt(
        sin(radians(to_lat - lat) / 2) ** 2 + cos(radians(lat)) * cos(radians(to_lat)) * sin(radians(to_lon - lon) / 2) ** 2
    ))));

-- What the policy makes of a pair once its fit, its wishes and its way are known: whether it may be used, and what a move costs.
create or replace macro is_allowed(fit, is_wished, terms) as fit >= terms.minimum_fit and (is_wished or terms.involuntary_allowed = 1);

create or replace macro imbalance_of_move(is_wished, was_published, terms) as
    terms.minimum_gain
    + case when is_wished then 0 else terms.involuntary_cost end
    + case when not was_published and exists (from last_plan) then terms.switching_cost else 0 end;

create or replace macro effort_of_move(km, terms) as terms.move_cost + coalesce(km, 0) * terms.distance_cost_per_km;

-- Points of each pair by component; a component is empty when nothing is known, and then counts neither for nor against.
create or replace view scored_pairs as
with known as (
    select
        pairs.*,
        persons.person_id,
        persons.agency_id as origin_agency_id,
        persons.home_unit_id,
        posts.post_id,
        posts.agency_id,
        posts.unit_id,
        cast(round(terms.weight_education * coalesce(matches.points, 0) / 100) as bigint) as if_education,
        posts.job_family is not null as knows_family,
        persons.education_field is not null and knows_family as knows_education,
        cast(round(terms.weight_competence * least(1, coalesce(experience.training_hours, 0) / terms.training_full_hours)) as bigint) as if_competence,
        cast(round(terms.weight_experience * least(1, coalesce(experience.months, 0) / terms.experience_full_months)) as bigint) as if_experience,
        cast(round(terms.weight_performance * persons.performance_points / 100) as bigint) as performance_points,
        cast(round(terms.weight_potential * persons.potential_box / 9) as bigint) as potential_points,
        cast(round(terms.weight_preference * greatest(0, 5 - coalesce(granted.wish_rank, 5)) / 4) as bigint) as if_preference,
        case when granted.has_ground then terms.weight_ground end as ground_points,
        case when persons.is_due then terms.weight_due end as due_points,
        granted.person_no is not null as is_wished,
        posts.region_code is not distinct from persons.home_region_code and posts.region_code is not null as is_near,
        kilometres(persons.post_latitude, persons.post_longitude, posts.latitude, posts.longitude) as km_between_posts,
        persons.has_wishes,
        persons.has_trainings,
        cast(kilometres(persons.latitude, persons.longitude, posts.latitude, posts.longitude) as bigint) as km,
        terms.*
    from lawful_pairs as pairs
    inner join persons on pairs.person_no = persons.person_no
    inner join posts on pairs.post_no = posts.post_no
    cross join terms
    left join granted on pairs.person_no = granted.person_no and pairs.post_no = granted.post_no
    left join education_now as matches on persons.education_field = matches.education_field and posts.job_family = matches.job_family
    left join job_experience as experience on persons.person_id = experience.person_id and posts.job_family = experience.job_family
),

components as (
    select
        known.*,
        case when knows_education then if_education end as education_points,
        case when has_trainings and knows_family then if_competence end as competence_points,
        case when knows_family then if_experience end as experience_points,
        case when has_wishes then if_preference end as preference_points,
        cast(round(weight_distance * greatest(0, 1 - km / distance_zero_km)) as bigint) as distance_points
    from known
),

summed as (
    select
        components.*,
        coalesce(education_points, 0) + coalesce(competence_points, 0) + coalesce(experience_points, 0) + coalesce(performance_points, 0)
        + coalesce(potential_points, 0) + coalesce(preference_points, 0) + coalesce(distance_points, 0)
        + coalesce(ground_points, 0) + coalesce(due_points, 0) as earned,
        assessable(components, components) as possible
    from components
)

select
    summed.block_no,
    summed.person_no,
    summed.post_no,
    summed.review_rules,
    education_points,
    competence_points,
    experience_points,
    performance_points,
    potential_points,
    preference_points,
    distance_points,
    ground_points,
    due_points,
    (200 * earned + possible) // (2 * greatest(possible, 1)) as fit,
    km,
    is_wished,
    last_plan.person_id is not null as was_published,
    cast(0 as bigint) as critical,
    imbalance_of_move(is_wished, was_published, summed) as imbalance,
    100 - fit as misfit,
    effort_of_move(km, summed) as effort,
    -- Whoever asks for a move pays for it, and nobody pays for a move within the district.
    case
        when is_wished or is_near then 0
        else cast(coalesce(relocation_cost, 0) + coalesce(relocation_cost_per_km, 0) * coalesce(km_between_posts, 0) as bigint)
    end as relocation,
    leaving.cap_no as cap_unit,
    giving.cap_no as cap_agency,
    case when summed.agency_id <> summed.origin_agency_id then taking.cap_no end as cap_receiver
from summed
left join last_plan on summed.person_id = last_plan.person_id and summed.post_id = last_plan.post_id
left join caps as leaving
    on
        leaving.kind = 'unit'
        and summed.origin_agency_id = leaving.agency_id
        and summed.home_unit_id = leaving.unit_id
        and (summed.unit_id <> summed.home_unit_id or summed.agency_id <> summed.origin_agency_id)
left join caps as giving on giving.kind = 'agency' and summed.origin_agency_id = giving.agency_id
left join caps as taking on taking.kind = 'agency' and summed.agency_id = taking.agency_id
left join refused on summed.person_id = refused.person_id and summed.post_id = refused.post_id
where
    refused.person_id is null
    and is_allowed(fit, is_wished, summed);
