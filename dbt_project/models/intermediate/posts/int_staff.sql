-- Who holds each post and who works in it, counted once for all marts. Somebody may stand at one post in several ways.
with people as (
    select
        agency_id,
        unit_id,
        position_id,
        is_definitive_holder,
        is_other_seat_taker,
        is_acting_holder,
        is_departed_holder,
        present_fte
    from {{ ref('int_assignments') }}
    where is_only_assignment
    union all
    select
        agency_id,
        unit_id,
        position_id,
        bool_or(is_definitive_holder) as is_definitive_holder,
        bool_or(is_other_seat_taker) as is_other_seat_taker,
        bool_or(is_acting_holder) as is_acting_holder,
        bool_or(is_departed_holder) as is_departed_holder,
        sum(present_fte) as present_fte
    from {{ ref('int_assignments') }}
    where not is_only_assignment
    group by agency_id, unit_id, position_id, person_id
)

select
    agency_id,
    unit_id,
    position_id,
    cast(sum(case when is_definitive_holder then 1 else 0 end) as integer) as holders_definitive,
    cast(sum(case when is_other_seat_taker and not is_definitive_holder then 1 else 0 end) as integer) as seats_taken_otherwise,
    cast(sum(case when is_acting_holder then 1 else 0 end) as integer) as acting_holders,
    cast(sum(case when is_departed_holder then 1 else 0 end) as integer) as departed_holders,
    cast(sum(present_fte) as double) as staff_fte
from people
group by agency_id, unit_id, position_id
