-- The optimiser's tables in the words of the sheets. `moves_published` and `moves_with_review` are its candidates of both solves,
-- `empty_posts` and `stayers` its reasons, `run_transfer_…` its frozen inputs.

create or replace temp view posts_counted as
select
    p.*,
    p.staff_definitive::double as staff_now,
    p.staff_definitive + coalesce(i.people, 0) - coalesce(o.people, 0) as staff_then
from run_transfer_posts as p
left join (select post_id, count(*) as people from moves_published group by post_id) as i on p.post_id = i.post_id
left join (select origin_post_id as post_id, count(*) as people from moves_published group by origin_post_id) as o on p.post_id = o.post_id;

create or replace temp view routes_chosen as
select
    m.candidate_id,
    arg_max(r.route_code, r.is_override::int) as route_code
from (select * from moves_published union all by name select * from moves_with_review) as m
join run_transfer_posts as t on m.post_id = t.post_id
join run_transfer_routes as r on r.origin_agency_id = m.origin_agency_id and r.destination_agency_id = m.agency_id
    and (not r.is_override or (r.route_code = t.unit_route_code and (r.job_kinds = 'all' or contains(' ' || r.job_kinds || ' ', ' ' || t.job_kind || ' '))))
group by m.candidate_id;

create or replace temp view run_candidates as
with both_solves as (
    select 'published' as solve, * from moves_published
    union all by name
    select 'if_files_complete' as solve, * from moves_with_review
),

documents as (
    select
        m.candidate_id, m.solve,
        ' ' || string_agg(d.document_code, ' ' order by d.document_code) || ' ' as codes
    from both_solves as m
    join routes_chosen as r on m.candidate_id = r.candidate_id
    join run_transfer_posts as t on m.post_id = t.post_id
    join run_route_documents as d
        on (d.route_codes = 'all' or contains(' ' || d.route_codes || ' ', ' ' || r.route_code || ' '))
        and (d.initiative = 'any' or (d.initiative = 'own_request' and m.is_wished and m.origin_agency_id <> m.agency_id))
        and not (d.document_code = 'PROFESI' and t.job_kind <> 'jf')
        and not (d.document_code = 'ABK' and t.need_seats is not null)
        and not contains(coalesce(m.proved_documents, ''), ' ' || d.document_code || ' ')
    group by m.candidate_id, m.solve
)

select
    m.candidate_id, m.solve,
    case m.part when 'prioritas' then 'priority' when 'cadangan' then 'reserve' else m.part end as part,
    m.rank, m.person_id, m.origin_post_id as from_post_id, m.post_id as to_post_id, m.origin_agency_id as agency_from, m.agency_id as agency_to,
    m.package_id as chain_id, m.step::bigint as chain_order, case when m.is_swap then 'cycle' else 'path' end as chain_kind,
    m.fit::bigint as fit_points, m.education_points::bigint as fit_education, m.competence_points::bigint as fit_competence,
    m.experience_points::bigint as fit_experience, m.performance_points::bigint as fit_performance, m.potential_points::bigint as fit_potential,
    m.preference_points::bigint as fit_preference, m.distance_points::bigint as fit_distance, m.ground_points::bigint as fit_ground,
    m.due_points::bigint as fit_due,
    m.gain_imbalance::bigint as gain,
    case
        when m.has_equal then 'tidak ada kerugian: rencana lain sama baiknya'
        when m.refusal_is_exact then coalesce(nullif(concat_ws(', ',
            case when m.refusal_critical > 0 then whole(m.refusal_critical) || ' kursi kritis' end,
            case when m.refusal_imbalance <> 0 then whole(m.refusal_imbalance) || ' poin ketimpangan' end,
            case when m.refusal_fit <> 0 then whole(m.refusal_fit) || ' nilai kesesuaian' end
        ), ''), 'sedikit: hanya jarak atau jumlah mutasi')
    end as refusal,
    m.runner_up_person_id,
    case when m.has_equal then 1 else 0 end::bigint as ties,
    case when m.is_wished and m.origin_agency_id <> m.agency_id then 'own_request' else 'organisation' end as initiative,
    m.is_critical as is_critical_post,
    o.need_fte as origin_need, o.need_seats as origin_seats, o.staff_now as origin_staff_before, o.staff_then::double as origin_staff_after,
    o.need_fte / nullif(o.staff_now, 0) as origin_pressure_before, o.need_fte / nullif(o.staff_then, 0) as origin_pressure_after,
    t.need_fte as dest_need, t.staff_now as dest_staff_before, t.staff_then::double as dest_staff_after,
    t.need_fte / nullif(t.staff_now, 0) as dest_pressure_before, t.need_fte / nullif(t.staff_then, 0) as dest_pressure_after,
    r.route_code, coalesce(d.codes, '') as missing_documents, coalesce(m.is_wished, false) as is_wished
from both_solves as m
left join posts_counted as o on m.origin_post_id = o.post_id
left join posts_counted as t on m.post_id = t.post_id
left join routes_chosen as r on m.candidate_id = r.candidate_id
left join documents as d on m.candidate_id = d.candidate_id and m.solve = d.solve;

create or replace temp view run_unfilled_posts as
select
    post_id, empty_seats::bigint as seats,
    case
        when reason = 'NO_LAWFUL_PAIR' then 'no_lawful_person' when reason = 'GAIN_BELOW_COST' then 'below_minimum_gain'
        when reason = 'CAP_REACHED' then 'capped' when reason = 'NEEDED_MORE_ELSEWHERE' then 'competed'
        when reason = 'ALL_NEEDED_AT_HOME' then 'needed_at_home' else reason
    end as reason_code,
    pairs::bigint as people_competing, costliest_rule as costliest_rule_code,
    coalesce(people_lost_to_rule_alone, people_lost_to_rule)::bigint as people_lost_by_rule
from empty_posts;

create or replace temp view run_why_not as
select
    person_id, outcome, nearest_post_id as best_post_id,
    case
        when reason = 'RULES_FAILED' then 'not_eligible' when reason = 'ITEMS_MISSING' then 'review' when reason = 'MOVE_OR_OBJECTION_OPEN' then 'locked'
        when reason = 'NO_LAWFUL_POST' then 'no_lawful_post' when reason = 'NEEDED_AT_HOME' then 'needed_at_home'
        when reason = 'OTHERS_SUIT_BETTER' then 'competed' else reason
    end as reason_code,
    case when missed_imbalance is not null and isfinite(missed_imbalance::double) then round(missed_imbalance)::bigint end as price,
    failed_rules
from stayers;

create or replace temp view run_unlocks as
select m.person_id, r.rule_code, r.item, m.post_id, m.gain_imbalance::bigint as gain
from moves_with_review as m
cross join unnest(list_filter(string_split(m.review_rules, ' '), lambda c: c <> '')) as missing(rule_code)
join (select rule_code, any_value(missing_item) as item from run_transfer_rules group by rule_code) as r on r.rule_code = missing.rule_code
where m.outcome = 'REVIEW';

create or replace temp view run_units as
select
    agency_id, unit_id, sum(need_fte) as need_fte, sum(staff_now) as staff_before, sum(staff_then)::double as staff_after,
    sum(need_fte) filter (where need_seats is not null) / nullif(sum(staff_now) filter (where need_seats is not null), 0) as pressure_before,
    sum(need_fte) filter (where need_seats is not null) / nullif(sum(staff_then) filter (where need_seats is not null), 0) as pressure_after,
    sum(coalesce(i.people, 0))::bigint as moves_in, sum(coalesce(o.people, 0))::bigint as moves_out
from posts_counted as p
left join (select post_id, count(*) as people from moves_published group by post_id) as i on p.post_id = i.post_id
left join (select origin_post_id as post_id, count(*) as people from moves_published group by origin_post_id) as o on p.post_id = o.post_id
group by agency_id, unit_id
having sum(need_fte) is not null;
