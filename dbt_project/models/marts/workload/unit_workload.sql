with rules as (
    select * from {{ ref('int_rules') }}
),

totals as (
    select
        agency_id,
        unit_id,
        sum({{ exact('need_fte') }}) as need_fte,
        sum({{ exact('staff_fte') }}) as staff_fte,
        cast(sum(staff_non_asn) as integer) as staff_non_asn,
        sum({{ exact('shortage_fte') }}) as shortage_fte,
        sum({{ exact('surplus_fte') }}) as surplus_fte,
        sum({{ exact('shortage_with_non_asn_fte') }}) as shortage_with_non_asn_fte,
        min(abk_year) as abk_year,
        max(abk_year) as abk_newest_year,
        cast(count(*) as integer) as position_count,
        cast(count(*) - count(need_fte) as integer) as positions_without_abk,
        bool_or(has_incomplete_abk) as has_incomplete_abk,
        bool_or(is_under_review) as is_under_review
    from {{ ref('position_workload') }}
    group by agency_id, unit_id
),

known_staff as (
    select distinct agency_id
    from {{ ref('int_assignments') }}
),

measured as (
    select
        units.agency_id,
        units.unit_id,
        units.unit_name,
        units.is_active,
        today.as_of,
        today.as_of_year,
        cast(totals.need_fte as double) as need_fte,
        case when known_staff.agency_id is not null then coalesce(cast(totals.staff_fte as double), 0) end as staff_fte,
        coalesce(totals.staff_non_asn, 0) as staff_non_asn,
        cast(totals.shortage_fte as double) as shortage_fte,
        cast(totals.surplus_fte as double) as surplus_fte,
        cast(totals.shortage_with_non_asn_fte as double) as shortage_with_non_asn_fte,
        totals.abk_year,
        totals.abk_newest_year,
        coalesce(totals.position_count, 0) as position_count,
        coalesce(totals.positions_without_abk, 0) as positions_without_abk,
        coalesce(totals.has_incomplete_abk, false) as has_incomplete_abk,
        coalesce(totals.is_under_review, false) as is_under_review
    from {{ ref('dim_unit') }} as units
    cross join {{ ref('int_as_of') }} as today
    left join totals on units.agency_id = totals.agency_id and units.unit_id = totals.unit_id
    left join known_staff on units.agency_id = known_staff.agency_id
),

compared as (
    select
        measured.*,
        {{ ratio('need_fte', 'staff_fte') }} as pressure,
        {{ ratio('need_fte', 'staff_fte + staff_non_asn') }} as pressure_with_non_asn,
        cast({{ round_half_up(ratio('need_fte', 'staff_fte'), 2) }} as double) as ej
    from measured
)

select
    compared.agency_id,
    compared.unit_id,
    compared.as_of_year as "year",
    compared.unit_name,
    compared.is_active,
    compared.need_fte,
    compared.staff_fte,
    compared.staff_non_asn,
    compared.pressure,
    compared.pressure_with_non_asn,
    compared.shortage_fte,
    compared.surplus_fte,
    compared.shortage_with_non_asn_fte,
    compared.ej,
    {{ ej_grade('compared.ej') }} as pj,
    case
        when compared.need_fte is null then 'NO_ABK'
        when compared.staff_fte is null then 'STAFF_UNKNOWN'
        when compared.staff_fte = 0 then 'NO_STAFF'
    end as ratio_reason,
    compared.abk_year,
    compared.abk_newest_year,
    compared.as_of_year - compared.abk_year as abk_age_years,
    compared.need_fte is not null as has_final_abk,
    compared.position_count,
    compared.positions_without_abk,
    compared.has_incomplete_abk,
    compared.is_under_review,
    coalesce(compared.need_fte >= rules.ranking_minimum_need_fte, false) as is_ranked,
    compared.as_of
from compared
left join rules on compared.agency_id = rules.agency_id
