-- The lawful pairs of people and posts with what each costs, after `people_and_posts.sql` and `policy.sql`.

create or replace table refused as
select distinct person_id, post_id
from transfer_locks
where kind = 'refused' and post_id is not null;

create or replace table rules_on_missing as
select rule.rule_code, rule.on_missing
from transfer_rules as rule
cross join publication as today
where rule.valid_from <= today.as_of and coalesce(rule.valid_to >= today.as_of, true);

create or replace view judged_pairs as
-- A table of a city's people is read by one thread, what is materialized by several.
with people as materialized (from persons)

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
from people as persons
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

-- Whole kilometres along the great circle from one place to another, nothing where one is not known (`least` passes over what is not).
create or replace macro kilometres(lat, lon, to_lat, to_lon) as
    case when lat + lon + to_lat + to_lon is not null then round(6371 * 2 * asin(least(1, sqrt(
        sin(radians(to_lat - lat) / 2) ** 2 + cos(radians(lat)) * cos(radians(to_lat)) * sin(radians(to_lon - lon) / 2) ** 2
    )))) end;

-- By number: of each pair a number is compared and no text.
create or replace table experience_of as
select persons.person_no, experience.job_family, experience.training_hours, experience.months
from job_experience as experience
inner join persons on experience.person_id = persons.person_id;

-- What of a pair's points and caps is the person's alone.
create or replace table weighed_people as
select
    persons.person_no,
    persons.person_id,
    persons.agency_id,
    persons.home_unit_id,
    persons.home_region_code,
    persons.post_latitude,
    persons.post_longitude,
    persons.latitude,
    persons.longitude,
    persons.education_field,
    persons.has_wishes,
    persons.has_trainings,
    cast(round(terms.weight_performance * persons.performance_points / 100) as bigint) as performance_points,
    cast(round(terms.weight_potential * persons.potential_box / 9) as bigint) as potential_points,
    case when persons.is_due then terms.weight_due end as due_points,
    leaving.cap_no as cap_unit,
    giving.cap_no as cap_agency
from persons
cross join terms
left join caps as leaving
    on leaving.kind = 'unit' and persons.agency_id = leaving.agency_id and persons.home_unit_id = leaving.unit_id
left join caps as giving on giving.kind = 'agency' and persons.agency_id = giving.agency_id;

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
        persons.performance_points,
        persons.potential_points,
        cast(round(terms.weight_preference * greatest(0, 5 - coalesce(granted.wish_rank, 5)) / 4) as bigint) as if_preference,
        case when granted.has_ground then terms.weight_ground end as ground_points,
        persons.due_points,
        persons.cap_unit as cap_home_unit,
        persons.cap_agency,
        granted.person_no is not null as is_wished,
        posts.region_code is not distinct from persons.home_region_code and posts.region_code is not null as is_near,
        case
            when terms.relocation_cost_per_km <> 0
                then kilometres(persons.post_latitude, persons.post_longitude, posts.latitude, posts.longitude)
        end as km_between_posts,
        persons.has_wishes,
        persons.has_trainings,
        cast(kilometres(persons.latitude, persons.longitude, posts.latitude, posts.longitude) as bigint) as km,
        terms.*
    from lawful_pairs as pairs
    inner join weighed_people as persons on pairs.person_no = persons.person_no
    inner join posts on pairs.post_no = posts.post_no
    cross join terms
    left join granted on pairs.person_no = granted.person_no and pairs.post_no = granted.post_no
    left join education_now as matches on persons.education_field = matches.education_field and posts.job_family = matches.job_family
    left join experience_of as experience on persons.person_no = experience.person_no and posts.job_family = experience.job_family
),

components as (
    select
        known.*,
        case when knows_education then if_education end as education_points,
        case when has_trainings and knows_family then if_competence end as competence_points,
        case when knows_family then if_experience end as experience_points,
        case when has_wishes then if_preference end as preference_points,
        case when km is not null then cast(round(weight_distance * greatest(0, 1 - km / distance_zero_km)) as bigint) end as distance_points
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
    case when summed.unit_id <> summed.home_unit_id or summed.agency_id <> summed.origin_agency_id then cap_home_unit end as cap_unit,
    cap_agency,
    case when summed.agency_id <> summed.origin_agency_id then taking.cap_no end as cap_receiver
from summed
left join last_plan on summed.person_id = last_plan.person_id and summed.post_id = last_plan.post_id
left join caps as taking on taking.kind = 'agency' and summed.agency_id = taking.agency_id
left join refused on summed.person_id = refused.person_id and summed.post_id = refused.post_id
where
    refused.person_id is null
    and is_allowed(fit, is_wished, summed);
