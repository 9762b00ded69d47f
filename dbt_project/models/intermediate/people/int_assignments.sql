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
        rules.assignments_without_end,
        row_number() over (
            partition by
                assignments.agency_id, assignments.person_id,
                assignments.unit_id, assignments.position_id, assignments.assignment_type
            order by assignments.assigned_from desc
        ) as recency
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

-- The same post twice (a renewed decree beside the old one) is one assignment.
one_per_post as (
    select
        in_force.*,
        max(case when is_definitive then assigned_from end) over (partition by agency_id, person_id) as latest_definitive_from,
        max(case when is_definitive and not is_flagged then assigned_from end) over (
            partition by agency_id, person_id
        ) as latest_sound_from
    from in_force
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

of_people as (
    select
        duties.*,
        people.is_active,
        people.is_at_work,
        least(greatest(coalesce(duties.fte, people.full_share_fte), 0), 1) as share_fte,
        bool_or(duties.is_main_duty) over (partition by duties.agency_id, duties.person_id) as has_main_duty,
        bool_or(duties.is_elsewhere) over (partition by duties.agency_id, duties.person_id) as is_seconded_out,
        row_number() over (
            partition by duties.agency_id, duties.person_id
            order by
                case when duties.is_end_doubtful then 1 else 0 end asc, duties.duty_order asc,
                duties.assigned_from desc, duties.unit_id asc, duties.position_id asc
        ) as duty_rank
    from not_superseded as duties
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
        working.*,
        sum(claimed_fte) over (partition by agency_id, person_id) as person_fte
    from working
)

select
    agency_id,
    person_id,
    unit_id,
    position_id,
    assignment_type,
    assigned_from,
    is_active and is_definitive and not is_elsewhere and not is_end_doubtful as is_definitive_holder,
    is_active and is_end_doubtful as is_end_doubtful,
    -- The record still shows a post, the person is no longer in service; when the seat fell free is unknown.
    not is_active and is_definitive and not is_end_doubtful as is_departed_holder,
    is_active and takes_seat and not is_definitive and not is_elsewhere as is_other_seat_taker,
    is_active and is_acting and not is_elsewhere as is_acting_holder,
    -- Nobody works more than full time, however many posts are held.
    {{ round_half_up('case when person_fte > 1 then claimed_fte / person_fte else claimed_fte end', 4) }} as present_fte,
    duty_rank = 1 as is_main_post
from totals
