{# What a dashboard asks first, small enough to answer a whole nation at once. Shortage and surplus are sums over posts and are
never netted. #}
with kinds as (
    select
        agency_id,
        unit_id,
        coalesce(unit_type, 'unknown') as unit_type
    from {{ ref('dim_unit') }}
),

workload as (
    select
        workload.agency_id,
        kinds.unit_type,
        count(*) as units,
        sum(case when workload.has_final_abk then 0 else 1 end) as units_without_abk,
        sum(case when workload.is_under_review then 1 else 0 end) as units_under_review,
        sum({{ exact('workload.need_fte') }}) as need_fte,
        sum({{ exact('workload.staff_fte') }}) as staff_fte,
        sum(
            case when workload.staff_of_known_need_fte is not null then {{ exact('workload.need_fte') }} end
        ) as need_of_known_staff_fte,
        sum({{ exact('workload.staff_of_known_need_fte') }}) as staff_of_known_need_fte,
        sum({{ exact('workload.shortage_fte') }}) as shortage_fte,
        sum({{ exact('workload.surplus_fte') }}) as surplus_fte,
        max(workload.as_of) as as_of
    from {{ ref('unit_workload') }} as workload
    inner join kinds on workload.agency_id = kinds.agency_id and workload.unit_id = kinds.unit_id
    group by workload.agency_id, kinds.unit_type
),

seats as (
    select
        vacancies.agency_id,
        kinds.unit_type,
        sum(vacancies.open_seats) as open_seats,
        sum(case when vacancies.is_critical then vacancies.open_seats end) as critical_open_seats
    from {{ ref('vacancies') }} as vacancies
    inner join kinds on vacancies.agency_id = kinds.agency_id and vacancies.unit_id = kinds.unit_id
    where vacancies.scope = 'post'
    group by vacancies.agency_id, kinds.unit_type
)

select
    workload.agency_id,
    workload.unit_type,
    cast(workload.units as integer) as units,
    cast(workload.units_without_abk as integer) as units_without_abk,
    cast(workload.units_under_review as integer) as units_under_review,
    cast(workload.need_fte as double) as need_fte,
    cast(workload.staff_fte as double) as staff_fte,
    cast(workload.need_of_known_staff_fte as double) as need_of_known_staff_fte,
    cast(workload.staff_of_known_need_fte as double) as staff_of_known_need_fte,
    {{ ratio('workload.need_of_known_staff_fte', 'workload.staff_of_known_need_fte') }} as pressure,
    cast(workload.shortage_fte as double) as shortage_fte,
    cast(workload.surplus_fte as double) as surplus_fte,
    cast(coalesce(seats.open_seats, 0) as integer) as open_seats,
    cast(coalesce(seats.critical_open_seats, 0) as integer) as critical_open_seats,
    workload.as_of
from workload
left join seats on workload.agency_id = seats.agency_id and workload.unit_type = seats.unit_type
