-- Nobody may be counted twice: the staff of an agency cannot exceed its people at work.
with staff as (
    select
        agency_id,
        sum(staff_fte) as staff_fte
    from {{ ref('position_workload') }}
    group by agency_id
),

people as (
    select
        agency_id,
        sum(case when is_at_work then 1 else 0 end) as people_at_work
    from {{ ref('int_people') }}
    group by agency_id
)

select staff.agency_id
from staff
left join people on staff.agency_id = people.agency_id
where staff.staff_fte > coalesce(people.people_at_work, 0) + 0.01
