with open_posts as (
    select
        vacancies.vacancy_id,
        vacancies.agency_id,
        vacancies.unit_id,
        vacancies.position_id,
        vacancies.open_seats,
        vacancies.departed_holders,
        vacancies.as_of
    from {{ ref('vacancies') }} as vacancies
    where vacancies.scope = 'post' and vacancies.open_seats > 0
),

seats as (
    select
        open_posts.*,
        cast(unnest(generate_series(1, open_posts.open_seats)) as integer) as seat_number
    from open_posts
)

select
    seats.vacancy_id,
    seats.seat_number,
    seats.agency_id,
    seats.unit_id,
    seats.position_id,
    -- Successors took the seats that were free for longest, so the open ones are those of the newest departures.
    cast(departures.vacant_from as date) as vacant_since,
    cast({{ days_from('departures.vacant_from', 'seats.as_of') }} as integer) as vacant_days,
    seats.as_of
from seats
left join {{ ref('int_departures') }} as departures
    on
        seats.agency_id = departures.agency_id
        and seats.unit_id = departures.unit_id
        and seats.position_id = departures.position_id
        and seats.seat_number = departures.departure_rank
        -- Somebody left on a day that nobody recorded; any of the seats may be that one.
        and seats.departed_holders = 0
