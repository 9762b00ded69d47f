-- Posts whose holder may stand in a row that could not be used. Where the row's post is known, that post is meant; otherwise
-- any post of its unit, and where the unit is unknown too, any post of that position id.
with posts as (
    select
        agency_id,
        unit_id,
        position_id
    from {{ ref('dim_position') }}
),

known_units as (
    select distinct
        agency_id,
        unit_id
    from posts
),

touched as (
    select
        agency_id,
        unit_id,
        position_id
    from {{ ref('stg_quarantined_posts') }}
    union
    select
        assignments.agency_id,
        assignments.unit_id,
        assignments.position_id
    from {{ ref('stg_assignments') }} as assignments
    cross join {{ ref('int_as_of') }} as today
    inner join {{ ref('assignment_types') }} as kinds on assignments.assignment_type = kinds.assignment_type
    left join posts
        on
            assignments.agency_id = posts.agency_id
            and assignments.unit_id = posts.unit_id
            and assignments.position_id = posts.position_id
    where
        kinds.takes_seat
        and assignments.assigned_from <= today.as_of
        and (assignments.assigned_to is null or assignments.assigned_to >= today.as_of)
        and (assignments.person_id is null or posts.position_id is null)
    union
    select
        agency_id,
        unit_id,
        position_id
    from {{ ref('int_assignments') }}
    where is_end_doubtful
),

located as (
    select
        touched.agency_id,
        touched.unit_id,
        touched.position_id,
        posts.position_id is not null as is_known_post,
        known_units.unit_id is not null as is_known_unit
    from touched
    left join posts
        on
            touched.agency_id = posts.agency_id
            and touched.unit_id = posts.unit_id
            and touched.position_id = posts.position_id
    left join known_units on touched.agency_id = known_units.agency_id and touched.unit_id = known_units.unit_id
),

by_post as (
    select
        agency_id,
        unit_id,
        position_id,
        true as is_exact
    from located
    where is_known_post
),

by_unit as (
    select
        posts.agency_id,
        posts.unit_id,
        posts.position_id,
        false as is_exact
    from located
    inner join posts on located.agency_id = posts.agency_id and located.unit_id = posts.unit_id
    where not located.is_known_post and located.is_known_unit
),

by_position as (
    select
        posts.agency_id,
        posts.unit_id,
        posts.position_id,
        false as is_exact
    from located
    inner join posts on located.agency_id = posts.agency_id and located.position_id = posts.position_id
    where not located.is_known_post and not located.is_known_unit
),

together as (
    select * from by_post
    union all
    select * from by_unit
    union all
    select * from by_position
)

select
    agency_id,
    unit_id,
    position_id,
    bool_or(is_exact) as is_exact
from together
group by agency_id, unit_id, position_id
