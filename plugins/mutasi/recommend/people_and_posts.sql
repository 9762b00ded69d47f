-- Who takes part in a cycle, the posts they hold or could come to, and where they can be compared, from the frozen planning
-- tables. Numbers stand in the order of the ids, so that the same tables give the same problem in whatever order they come.
-- Read with the tables of `inputs/` as views and `options(admit_review)`.

create or replace table education_now as
select matches.education_field, matches.job_family, max(matches.points) as points
from education_match as matches
cross join publication as today
where matches.valid_from <= today.as_of and coalesce(matches.valid_to >= today.as_of, true)
group by all;

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

-- What a row of the policy that holds a word says for all agencies today.
create or replace macro policy_word(code) as (
    select max(policy.value)
    from transfer_policy as policy
    cross join publication as today
    where
        policy.policy_code = code
        and policy.agency_id is null
        and policy.valid_from <= today.as_of
        and coalesce(policy.valid_to >= today.as_of, true)
);

-- Who may leave and come. The usual floor is the need. At equal pressure, which needs an explicit decision, a job that is short
-- everywhere in an agency is shared out: a post may fall to the agency's level of staff to need, and be filled up to it.
create or replace table staffing as
with asked as (
    select coalesce(policy_word('donor_floor'), 'need') as donor_floor
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
    select coalesce(policy_word('joint_move_area'), 'district') as reach
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
