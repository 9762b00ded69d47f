{# Adds posts up to agency, city, province and nation. Shortage and surplus are sums over posts and are never netted: spare
clerks do not cover missing nurses, nor one city another. #}
with places as (
    select
        units.agency_id,
        units.unit_id,
        coalesce(
            case when units.region_code_system = 'kemendagri' then units.region_code end, agencies.kemendagri_code
        ) as region_code
    from {{ ref('dim_unit') }} as units
    left join {{ ref('dim_agency') }} as agencies on units.agency_id = agencies.agency_id
),

workload as (
    select
        workload.agency_id,
        -- A post of a unit that nobody sent still stands in its agency's city.
        coalesce(places.region_code, agencies.kemendagri_code) as region_code,
        workload.method,
        count(*) as posts,
        sum(case when workload.need_fte is null then 1 else 0 end) as posts_without_need,
        sum(case when workload.is_under_review then 1 else 0 end) as posts_under_review,
        sum(
            case when workload.has_volume_jump or workload.has_identical_sheet or workload.has_doubtful_abk then 1 else 0 end
        ) as posts_with_doubtful_need,
        sum({{ exact('workload.need_fte') }}) as need_fte,
        sum({{ exact('workload.staff_fte') }}) as staff_fte,
        sum(case when workload.need_fte is not null then {{ exact('workload.staff_fte') }} end) as staff_of_known_need_fte,
        sum(case when workload.need_fte is not null then workload.staff_non_asn end) as staff_non_asn_of_known_need,
        sum(workload.staff_non_asn) as staff_non_asn,
        sum({{ exact('workload.shortage_fte') }}) as shortage_fte,
        sum({{ exact('workload.surplus_fte') }}) as surplus_fte,
        sum({{ exact('workload.shortage_with_non_asn_fte') }}) as shortage_with_non_asn_fte,
        sum({{ exact('workload.temporary_need_fte') }}) as temporary_need_fte,
        min(workload.abk_year) as abk_year,
        sum(vacancies.open_seats) as open_seats,
        sum(case when vacancies.is_critical then vacancies.open_seats end) as critical_open_seats,
        sum(case when vacancies.is_critical then 1 else 0 end) as critical_posts,
        count(vacancies.vacancy_id) as posts_in_establishment,
        sum(vacancies.vacant_vs_abk) as vacant_vs_abk,
        sum(vacancies.vacant_vs_establishment) as vacant_vs_establishment
    from {{ ref('position_workload') }} as workload
    left join places on workload.agency_id = places.agency_id and workload.unit_id = places.unit_id
    left join {{ ref('dim_agency') }} as agencies on workload.agency_id = agencies.agency_id
    left join {{ ref('vacancies') }} as vacancies
        on
            vacancies.scope = 'post'
            and workload.agency_id = vacancies.agency_id
            and workload.unit_id = vacancies.unit_id
            and workload.position_id = vacancies.position_id
    group by workload.agency_id, coalesce(places.region_code, agencies.kemendagri_code), workload.method
),

units as (
    select
        workload.agency_id,
        places.region_code,
        cast(null as varchar) as method,
        count(*) as units,
        sum(case when workload.need_fte is null and workload.position_count > 0 then 1 else 0 end) as units_without_need,
        sum(case when workload.load_state = 'OVERLOAD' then 1 else 0 end) as units_overloaded
    from {{ ref('unit_workload') }} as workload
    left join places on workload.agency_id = places.agency_id and workload.unit_id = places.unit_id
    where workload.is_active
    group by workload.agency_id, places.region_code
),

scopes as (
    {% for relation in ['workload', 'units'] -%}
        {% for scope, scope_id in [
            ('agency', 'agency_id'),
            ('city', "case when region_code like '__.__%' then left(region_code, 5) end"),
            ('province', 'left(region_code, 2)'),
            ('nation', "'ID'"),
        ] -%}
            select
                '{{ scope }}' as scope,
                {{ scope_id }} as scope_id,
                {% if relation == 'workload' -%}
                    method,
                    posts,
                    posts_without_need,
                    posts_under_review,
                    posts_with_doubtful_need,
                    need_fte,
                    staff_fte,
                    staff_of_known_need_fte,
                    staff_non_asn_of_known_need,
                    staff_non_asn,
                    shortage_fte,
                    surplus_fte,
                    shortage_with_non_asn_fte,
                    temporary_need_fte,
                    abk_year,
                    open_seats,
                    critical_open_seats,
                    critical_posts,
                    posts_in_establishment,
                    vacant_vs_abk,
                    vacant_vs_establishment,
                    cast(null as bigint) as units,
                    cast(null as bigint) as units_without_need,
                    cast(null as bigint) as units_overloaded
                {% else -%}
                    method,
                    cast(null as bigint) as posts,
                    cast(null as bigint) as posts_without_need,
                    cast(null as bigint) as posts_under_review,
                    cast(null as bigint) as posts_with_doubtful_need,
                    cast(null as decimal(28, 10)) as need_fte,
                    cast(null as decimal(28, 10)) as staff_fte,
                    cast(null as decimal(28, 10)) as staff_of_known_need_fte,
                    cast(null as bigint) as staff_non_asn_of_known_need,
                    cast(null as bigint) as staff_non_asn,
                    cast(null as decimal(28, 10)) as shortage_fte,
                    cast(null as decimal(28, 10)) as surplus_fte,
                    cast(null as decimal(28, 10)) as shortage_with_non_asn_fte,
                    cast(null as decimal(28, 10)) as temporary_need_fte,
                    cast(null as integer) as abk_year,
                    cast(null as bigint) as open_seats,
                    cast(null as bigint) as critical_open_seats,
                    cast(null as bigint) as critical_posts,
                    cast(null as bigint) as posts_in_establishment,
                    cast(null as bigint) as vacant_vs_abk,
                    cast(null as bigint) as vacant_vs_establishment,
                    units,
                    units_without_need,
                    units_overloaded
                {% endif -%}
            from {{ relation }}
            {{ 'union all' if not (loop.last and relation == 'units') }}
        {% endfor -%}
    {% endfor -%}
),

of_methods as (
    select
        scopes.*,
        'all' as counted_method
    from scopes
    union all
    select
        scopes.*,
        coalesce(method, 'unknown') as counted_method
    from scopes
    where posts is not null
),

totals as (
    select
        scope,
        scope_id,
        counted_method,
        {% for figure in [
            'posts', 'posts_without_need', 'posts_under_review', 'posts_with_doubtful_need', 'need_fte', 'staff_fte',
            'staff_of_known_need_fte', 'staff_non_asn_of_known_need', 'staff_non_asn', 'shortage_fte', 'surplus_fte',
            'shortage_with_non_asn_fte', 'temporary_need_fte', 'open_seats', 'critical_open_seats', 'critical_posts',
            'posts_in_establishment', 'vacant_vs_abk', 'vacant_vs_establishment', 'units', 'units_without_need',
            'units_overloaded',
        ] -%}
            sum({{ figure }}) as {{ figure }},
        {% endfor -%}
        min(abk_year) as abk_year
    from of_methods
    where scope_id is not null
    group by scope, scope_id, counted_method
)

select
    totals.scope,
    totals.scope_id,
    case when totals.scope = 'nation' then 'Indonesia' else agencies.agency_name end as scope_name,
    totals.counted_method as method,
    cast(totals.units as integer) as units,
    cast(totals.units_without_need as integer) as units_without_need,
    cast(totals.units_overloaded as integer) as units_overloaded,
    cast(totals.posts as integer) as posts,
    cast(totals.posts_without_need as integer) as posts_without_need,
    cast(totals.posts_under_review as integer) as posts_under_review,
    cast(totals.posts_with_doubtful_need as integer) as posts_with_doubtful_need,
    cast(totals.need_fte as double) as need_fte,
    cast(totals.staff_fte as double) as staff_fte,
    cast(totals.staff_of_known_need_fte as double) as staff_of_known_need_fte,
    cast(totals.staff_non_asn as integer) as staff_non_asn,
    {{ ratio('totals.need_fte', 'totals.staff_of_known_need_fte') }} as pressure,
    {{ ratio('totals.need_fte', 'totals.staff_of_known_need_fte + totals.staff_non_asn_of_known_need') }}
        as pressure_with_non_asn,
    case
        when totals.need_fte is null then 'NO_ABK'
        when totals.staff_of_known_need_fte is null then 'STAFF_UNKNOWN'
        when totals.staff_of_known_need_fte = 0 then 'NO_STAFF'
    end as ratio_reason,
    cast(totals.shortage_fte as double) as shortage_fte,
    cast(totals.surplus_fte as double) as surplus_fte,
    cast(totals.shortage_with_non_asn_fte as double) as shortage_with_non_asn_fte,
    cast(totals.temporary_need_fte as double) as temporary_need_fte,
    totals.abk_year,
    cast(totals.open_seats as integer) as open_seats,
    cast(coalesce(totals.critical_open_seats, case when totals.open_seats is not null then 0 end) as integer)
        as critical_open_seats,
    100.0 * totals.critical_posts / nullif(totals.posts_in_establishment, 0) as critical_posts_pct,
    cast(totals.vacant_vs_abk as integer) as vacant_vs_abk,
    cast(totals.vacant_vs_establishment as integer) as vacant_vs_establishment,
    today.as_of
from totals
cross join {{ ref('int_as_of') }} as today
left join {{ ref('dim_agency') }} as agencies
    on
        (totals.scope = 'agency' and totals.scope_id = agencies.agency_id)
        or (totals.scope in ('city', 'province') and totals.scope_id = agencies.kemendagri_code)
