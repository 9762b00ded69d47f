-- Days on which a definitive holder left a post, newest first. An open seat belongs to the newest departures, because
-- successors took the seats that were free for longest.
with holders as (
    select
        agency_id,
        person_id,
        unit_id,
        position_id
    from {{ ref('int_assignments') }}
    where is_definitive_holder
),

ended as (
    select
        assignments.agency_id,
        assignments.person_id,
        assignments.unit_id,
        assignments.position_id,
        assignments.assigned_from,
        {{ day_after('assignments.assigned_to') }} as vacant_from
    from {{ ref('stg_assignments') }} as assignments
    cross join {{ ref('int_as_of') }} as today
    inner join {{ ref('assignment_types') }} as kinds on assignments.assignment_type = kinds.assignment_type
    where kinds.is_definitive and assignments.assigned_to < today.as_of
),

-- Few records have ever ended: only theirs are looked at.
changed as (
    select distinct
        agency_id,
        person_id,
        unit_id,
        position_id,
        assigned_from
    from {{ ref('hist_assignments') }}
    where valid_to is not null
),

-- A row that vanished from the source without an end date: the day on which it was missed is all that is known.
vanished as (
    select
        history.agency_id,
        history.person_id,
        history.unit_id,
        history.position_id,
        history.assigned_from,
        max(history.valid_to) as vacant_from
    from {{ ref('hist_assignments') }} as history
    cross join {{ ref('int_as_of') }} as today
    inner join {{ ref('assignment_types') }} as kinds on history.assignment_type = kinds.assignment_type
    inner join changed
        on {{ same_key('history', 'changed', ['agency_id', 'person_id', 'unit_id', 'position_id', 'assigned_from']) }}
    where kinds.is_definitive
    group by history.agency_id, history.person_id, history.unit_id, history.position_id, history.assigned_from, today.as_of
    having
        count(*) = count(history.valid_to)
        and max(history.valid_to) <= today.as_of
        and count(history.assigned_to) = 0
),

left_posts as (
    select * from ended
    union
    select * from vanished
),

last_day_per_stay as (
    select
        left_posts.agency_id,
        left_posts.unit_id,
        left_posts.position_id,
        left_posts.person_id,
        left_posts.assigned_from,
        max(left_posts.vacant_from) as vacant_from
    from left_posts
    left join holders
        on
            left_posts.agency_id = holders.agency_id
            and left_posts.person_id = holders.person_id
            and left_posts.unit_id = holders.unit_id
            and left_posts.position_id = holders.position_id
    where holders.person_id is null
    group by
        left_posts.agency_id, left_posts.unit_id, left_posts.position_id, left_posts.person_id, left_posts.assigned_from
)

select
    agency_id,
    unit_id,
    position_id,
    vacant_from,
    row_number() over (
        partition by agency_id, unit_id, position_id
        order by vacant_from desc, assigned_from desc
    ) as departure_rank
from last_day_per_stay
