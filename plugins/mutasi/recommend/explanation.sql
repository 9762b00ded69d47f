-- Names and facts beside the numbers of the plan.
create or replace temp table explained_balance as
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
    places.need_fte,
    places.need_seats,
    places.staff_definitive as staff_before,
    places.staff_definitive - coalesce(gone.leaves, 0) + coalesce(come.comes, 0) as staff_after,
    places.staff_definitive / nullif(places.need_fte, 0) as ratio_before,
    (places.staff_definitive - coalesce(gone.leaves, 0) + coalesce(come.comes, 0)) / nullif(places.need_fte, 0) as ratio_after,
    coalesce(gone.leaves, 0) as leaves,
    coalesce(come.comes, 0) as comes,
    places.open_seats,
    places.is_critical
from transfer_posts as places
join posts on places.post_id = posts.post_id
left join gone on places.post_id = gone.post_id
left join come on posts.post_no = come.post_no
where places.open_seats > 0 or gone.leaves > 0 or come.comes > 0
order by places.post_id;

create or replace temp table explained_candidates as
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
    select max(try_cast(value as bigint)) as most
    from transfer_policy, publication
    where policy_code = 'cap_priority_per_agency' and agency_id is null and valid_from <= as_of and coalesce(valid_to >= as_of, true)
)

select
    'K' || left(md5(persons.person_id || ' ' || posts.post_id), 12) as candidate_id,
    case when queued.moves_so_far <= priority.most then 'prioritas' else 'cadangan' end as part,
    cast(row_number() over (partition by queued.agency_id order by queued.package_rank, moves.place) as bigint) as rank,
    'R' || lpad(cast(moves.package_no + 1 as varchar), 5, '0') as package_id,
    moves.place + 1 as step,
    moves.package_moves,
    moves.is_swap,
    persons.person_id,
    persons.agency_id as origin_agency_id,
    persons.home_post_id as origin_post_id,
    posts.agency_id,
    posts.post_id,
    origin.unit_name as origin_unit_name,
    target.unit_name as unit_name,
    origin.job_name as origin_job_name,
    target.job_name as job_name,
    target.is_critical,
    persons.outcome,
    trim(concat(persons.review_rules, edges.review_rules)) as review_rules,
    people.passed_rules,
    people.unchecked_rules,
    people.proved_documents,
    people.is_due,
    people.months_in_post,
    edges.is_wished,
    edges.was_published,
    edges.fit,
    edges.education_points,
    edges.competence_points,
    edges.experience_points,
    edges.performance_points,
    edges.potential_points,
    edges.preference_points,
    edges.distance_points,
    edges.ground_points,
    edges.due_points,
    edges.km,
    origin.need_seats as origin_need,
    origin.staff_before as origin_staff_before,
    origin.staff_after as origin_staff_after,
    origin.ratio_before as origin_ratio_before,
    origin.ratio_after as origin_ratio_after,
    target.need_seats as need,
    target.staff_before,
    target.staff_after,
    target.ratio_before,
    target.ratio_after,
    moves.gain_critical,
    moves.gain_imbalance,
    moves.refusal_critical,
    moves.refusal_imbalance,
    moves.refusal_fit,
    moves.refusal_effort,
    moves.refusal_is_exact,
    runner_up.person_id as runner_up_person_id,
    -- Another plan that costs the same but for the tie-break is as good.
    coalesce(
        moves.refusal_is_exact and moves.refusal_critical = 0 and moves.refusal_imbalance = 0 and moves.refusal_fit = 0
        and moves.refusal_effort = 0, false
    ) as has_equal
from explained_moves as moves
join persons using (person_no)
join posts using (post_no)
join edges using (person_no, post_no)
join queued using (package_no)
cross join priority
join transfer_people as people on persons.person_id = people.person_id
join explained_balance as origin on persons.home_post_id = origin.post_id
join explained_balance as target on posts.post_id = target.post_id
left join persons as runner_up on moves.runner_up_no = runner_up.person_no
order by posts.agency_id, rank;

create or replace temp table explained_why_empty as
with worst as (
    select
        post_id,
        arg_max(rule_code, [people_failed_alone, people_failed]) as rule_code,
        max([people_failed_alone, people_failed]) as lost
    from pair_rules
    where people_failed > 0
    group by post_id
)

select
    posts.post_id,
    posts.agency_id,
    places.unit_id,
    places.unit_name,
    places.job_name,
    places.is_critical,
    empty.empty_seats,
    case
        when empty.pairs = 0 then 'NO_LAWFUL_PAIR'
        when empty.free > 0 then 'GAIN_BELOW_COST'
        when empty.capped > 0 then 'CAP_REACHED'
        when empty.moved_elsewhere > 0 then 'NEEDED_MORE_ELSEWHERE'
        else 'ALL_NEEDED_AT_HOME'
    end as reason,
    empty.pairs,
    empty.moved_elsewhere,
    empty.needed_at_home,
    empty.free,
    empty.capped,
    empty.rival_posts,
    empty.contested_seats,
    empty.contested_people,
    worst.rule_code as costliest_rule,
    worst.lost[1] as people_lost_to_rule_alone,
    worst.lost[2] as people_lost_to_rule
from explained_posts as empty
join posts using (post_no)
join transfer_posts as places on posts.post_id = places.post_id
left join worst on posts.post_id = worst.post_id
order by posts.post_id;

create or replace temp table explained_why_not as
select
    people.person_id,
    people.agency_id,
    people.post_id as origin_post_id,
    people.outcome,
    people.failed_rules,
    people.review_rules,
    case
        when people.outcome = 'NOT_ELIGIBLE' then 'RULES_FAILED'
        when persons.person_no is null and people.outcome = 'REVIEW' then 'ITEMS_MISSING'
        when persons.person_no is null then 'MOVE_OR_OBJECTION_OPEN'
        when stays.person_no is null then 'NO_LAWFUL_POST'
        when stays.is_needed_at_home then 'NEEDED_AT_HOME'
        else 'OTHERS_SUIT_BETTER'
    end as reason,
    coalesce(stays.pairs, 0) as pairs,
    best.post_id as nearest_post_id,
    stays.missed_critical,
    stays.missed_imbalance,
    stays.missed_fit,
    stays.missed_effort
from transfer_people as people
left join persons on people.person_id = persons.person_id
left join explained_moves as moves on persons.person_no = moves.person_no
left join explained_people as stays on persons.person_no = stays.person_no
left join posts as best on stays.best_post_no = best.post_no
where moves.person_no is null
order by people.person_id;
