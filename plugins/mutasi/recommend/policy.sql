-- What the policy makes of people and posts: what empty seats cost, which moves are capped, and what a move costs.
-- Read with `persons`, `posts` and `blocks`, and the tables of `inputs/` as views.

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
        -- An agency's own row may say that its budget is unlimited.
        case
            when bool_or(own.policy_code = 'relocation_budget') then max(case when own.policy_code = 'relocation_budget' then own.number end)
            else any_value(terms.relocation_budget)
        end as budget
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

-- What the policy makes of a pair once its fit, its wishes and its way are known: whether it may be used, and what a move costs.
create or replace macro is_allowed(fit, is_wished, terms) as fit >= terms.minimum_fit and (is_wished or terms.involuntary_allowed = 1);

create or replace macro imbalance_of_move(is_wished, was_published, terms) as
    terms.minimum_gain
    + case when is_wished then 0 else terms.involuntary_cost end
    + case when not was_published and exists (from last_plan) then terms.switching_cost else 0 end;

create or replace macro effort_of_move(km, terms) as terms.move_cost + coalesce(km, 0) * terms.distance_cost_per_km;
