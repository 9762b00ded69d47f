with in_force as (
    select
        assignments.agency_id,
        assignments.person_id,
        assignments.unit_id,
        assignments.position_id,
        assignments.assignment_type,
        assignments.assigned_from,
        assignments.assigned_to,
        assignments.fte,
        trim(coalesce(assignments.flags, '')) <> '' as is_flagged,
        kinds.is_definitive,
        kinds.is_acting,
        kinds.takes_seat,
        kinds.is_main_duty,
        kinds.duty_order,
        coalesce(assignments.work_agency_code <> agencies.bkn_code, false) as is_elsewhere,
        rules.assignments_without_end
    from {{ ref('stg_assignments') }} as assignments
    cross join {{ ref('int_as_of') }} as today
    inner join {{ ref('assignment_types') }} as kinds on assignments.assignment_type = kinds.assignment_type
    left join {{ ref('stg_agencies') }} as agencies on assignments.agency_id = agencies.agency_id
    left join {{ ref('int_rules') }} as rules on assignments.agency_id = rules.agency_id
    where
        assignments.person_id is not null
        and assignments.assigned_from <= today.as_of
        and (assignments.assigned_to is null or assignments.assigned_to >= today.as_of)
),

-- Few people have more than one assignment, in one agency or in several: only theirs are compared, which for all would take as
-- long as all else here.
several as (
    select person_id
    from in_force
    group by person_id
    having count(*) > 1
),

-- The same post twice (a renewed decree beside the old one) is one assignment.
newest as (
    select
        in_force.*,
        row_number() over (
            partition by
                in_force.agency_id, in_force.person_id, in_force.unit_id, in_force.position_id, in_force.assignment_type
            order by in_force.assigned_from desc
        ) as recency
    from in_force
    inner join several on in_force.person_id = several.person_id
),

one_per_post as (
    select
        newest.*,
        max(case when is_definitive then assigned_from end) over (partition by agency_id, person_id) as latest_definitive_from,
        max(case when is_definitive and not is_flagged then assigned_from end) over (
            partition by agency_id, person_id
        ) as latest_sound_from
    from newest
    where recency = 1
),

not_superseded as (
    select
        one_per_post.*,
        -- A row that failed a check and shows no end, beside a newer sound post: the end may be what could not be read.
        is_definitive and is_flagged and assigned_to is null
        and coalesce(assigned_from < latest_sound_from, false) as is_end_doubtful
    from one_per_post
    where not (is_definitive and assignments_without_end = 'latest' and assigned_from < latest_definitive_from)
),

compared as (
    select
        not_superseded.*,
        bool_or(is_main_duty) over (partition by agency_id, person_id) as has_main_duty,
        bool_or(is_elsewhere) over (partition by agency_id, person_id) as is_seconded_out,
        row_number() over (
            partition by agency_id, person_id
            order by
                case when is_end_doubtful then 1 else 0 end asc, duty_order asc,
                assigned_from desc, unit_id asc, position_id asc
        ) as duty_rank
    from not_superseded
),

duties as (
    select
        agency_id,
        person_id,
        unit_id,
        position_id,
        assignment_type,
        assigned_from,
        fte,
        is_definitive,
        is_acting,
        takes_seat,
        is_main_duty,
        is_elsewhere,
        is_end_doubtful,
        has_main_duty,
        is_seconded_out,
        duty_rank,
        false as is_alone
    from compared
    union all
    select
        in_force.agency_id,
        in_force.person_id,
        in_force.unit_id,
        in_force.position_id,
        in_force.assignment_type,
        in_force.assigned_from,
        in_force.fte,
        in_force.is_definitive,
        in_force.is_acting,
        in_force.takes_seat,
        in_force.is_main_duty,
        in_force.is_elsewhere,
        false as is_end_doubtful,
        in_force.is_main_duty as has_main_duty,
        in_force.is_elsewhere as is_seconded_out,
        1 as duty_rank,
        true as is_alone
    from in_force
    left join several on in_force.person_id = several.person_id
    where several.person_id is null
),

of_people as (
    select
        duties.*,
        people.birth_date,
        people.legal_status_code,
        people.is_active,
        people.is_at_work,
        least(greatest(coalesce(duties.fte, people.full_share_fte), 0), 1) as share_fte
    from duties
    inner join {{ ref('int_people') }} as people
        on duties.agency_id = people.agency_id and duties.person_id = people.person_id
),

-- A person works in main posts; who has none is counted once, in the first of the other duties.
working as (
    select
        of_people.*,
        case
            when not is_at_work or is_seconded_out or is_end_doubtful then 0
            when is_main_duty then share_fte
            when not has_main_duty and duty_rank = 1 then share_fte
            else 0
        end as claimed_fte
    from of_people
),

totals as (
    select
        agency_id,
        person_id,
        sum(claimed_fte) as person_fte
    from working
    where not is_alone
    group by agency_id, person_id
)

select
    working.agency_id,
    working.person_id,
    working.unit_id,
    working.position_id,
    working.assignment_type,
    working.assigned_from,
    working.is_active and working.is_definitive and not working.is_elsewhere and not working.is_end_doubtful
        as is_definitive_holder,
    working.is_active and working.is_end_doubtful as is_end_doubtful,
    -- The record still shows a post, the person is no longer in service; when the seat fell free is unknown.
    not working.is_active and working.is_definitive and not working.is_end_doubtful as is_departed_holder,
    working.is_active and working.takes_seat and not working.is_definitive and not working.is_elsewhere as is_other_seat_taker,
    working.is_active and working.is_acting and not working.is_elsewhere as is_acting_holder,
    -- Nobody works more than full time, however many posts are held; one post is never more.
    {{ round_half_up(
        'case when totals.person_fte > 1 then working.claimed_fte / totals.person_fte else working.claimed_fte end', 4
    ) }} as present_fte,
    working.duty_rank = 1 as is_main_post,
    working.is_alone as is_only_assignment,
    -- Handed on, so that the day of retirement takes no further join with the employees.
    working.birth_date,
    working.legal_status_code
from working
left join totals on working.agency_id = totals.agency_id and working.person_id = totals.person_id
