with rules as (
    select * from {{ ref('int_rules') }}
),

totals as (
    select
        agency_id,
        unit_id,
        sum({{ exact('need_fte') }}) as need_fte,
        sum({{ exact('staff_fte') }}) as staff_fte,
        sum(case when need_fte is not null then {{ exact('staff_fte') }} end) as staff_of_known_need_fte,
        sum(case when need_fte is not null then staff_non_asn end) as staff_non_asn_of_known_need,
        min(method) as first_method,
        max(method) as last_method,
        sum({{ exact('temporary_need_fte') }}) as temporary_need_fte,
        cast(sum(case when has_volume_jump or has_identical_sheet or has_doubtful_abk then 1 else 0 end) as integer)
            as positions_with_doubtful_abk,
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

surveys as (
    select
        surveys.agency_id,
        surveys.unit_id,
        surveys.perceived_load,
        surveys.respondents,
        surveys.surveyed_on,
        row_number() over (partition by surveys.agency_id, surveys.unit_id order by surveys.surveyed_on desc) as newest_first
    from {{ ref('stg_unit_surveys') }} as surveys
    cross join {{ ref('int_as_of') }} as today
    left join rules on surveys.agency_id = rules.agency_id
    where
        surveys.surveyed_on <= today.as_of
        and surveys.surveyed_on > today.as_of - cast(30.4375 * rules.survey_valid_months as integer)
        -- The mean of a few answers tells what each of them said.
        and surveys.respondents >= rules.minimum_cell_size
),

known_staff as (
    select distinct agency_id
    from {{ ref('int_staff') }}
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
        cast(totals.staff_of_known_need_fte as double) as staff_of_known_need_fte,
        coalesce(totals.staff_non_asn, 0) as staff_non_asn,
        totals.staff_non_asn_of_known_need,
        totals.first_method,
        totals.last_method,
        cast(totals.temporary_need_fte as double) as temporary_need_fte,
        coalesce(totals.positions_with_doubtful_abk, 0) as positions_with_doubtful_abk,
        surveys.perceived_load,
        surveys.respondents,
        surveys.surveyed_on,
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
    left join surveys
        on units.agency_id = surveys.agency_id and units.unit_id = surveys.unit_id and surveys.newest_first = 1
),

compared as (
    select
        measured.*,
        -- People in posts whose need is unknown carry nothing of the known need.
        {{ ratio('need_fte', 'staff_of_known_need_fte') }} as pressure,
        {{ ratio('need_fte', 'staff_of_known_need_fte + staff_non_asn_of_known_need') }} as pressure_with_non_asn,
        -- EJ is a figure of ABK alone; over posts of several methods it would mean nothing.
        case
            when coalesce(last_method, 'abk') = 'abk' and coalesce(first_method, 'abk') = 'abk'
                then cast({{ round_half_up(ratio('need_fte', 'staff_of_known_need_fte'), 2) }} as double)
        end as ej
    from measured
),

judged as (
    select
        compared.*,
        rules.ej_grade_a_above,
        rules.ej_grade_b_from,
        rules.ej_grade_c_from,
        rules.ej_grade_d_from,
        rules.ranking_minimum_need_fte,
        {{ load_state('compared.need_fte', 'compared.staff_of_known_need_fte') }} as load_state,
        case
            when compared.perceived_load is null then null
            when compared.perceived_load >= rules.survey_high_from then 'OVERLOAD'
            when compared.perceived_load <= rules.survey_low_to then 'UNDERLOAD'
            else 'BALANCED'
        end as perceived_state
    from compared
    left join rules on compared.agency_id = rules.agency_id
)

select
    agency_id,
    unit_id,
    as_of_year as year,
    unit_name,
    is_active,
    case when first_method < last_method then 'mixed' else first_method end as method,
    need_fte,
    staff_fte,
    staff_of_known_need_fte,
    staff_non_asn,
    pressure,
    pressure_with_non_asn,
    shortage_fte,
    surplus_fte,
    shortage_with_non_asn_fte,
    ej,
    {{ ej_grade('ej') }} as pj,
    load_state,
    perceived_load,
    respondents as survey_respondents,
    surveyed_on,
    perceived_state,
    -- Feelings and sheets may both be wrong; where they differ, somebody should look.
    case
        when load_state is null or perceived_state is null then null
        when load_state = perceived_state then 'AGREE'
        when perceived_state = 'OVERLOAD' then 'FEELS_MORE'
        when perceived_state = 'UNDERLOAD' then 'FEELS_LESS'
        when load_state = 'UNDERLOAD' then 'FEELS_MORE'
        else 'FEELS_LESS'
    end as load_disagreement,
    case
        when need_fte is null then 'NO_ABK'
        when staff_of_known_need_fte is null then 'STAFF_UNKNOWN'
        when staff_of_known_need_fte = 0 then 'NO_STAFF'
    end as ratio_reason,
    abk_year,
    abk_newest_year,
    as_of_year - abk_year as abk_age_years,
    need_fte is not null as has_final_abk,
    position_count,
    positions_without_abk,
    positions_with_doubtful_abk,
    temporary_need_fte,
    has_incomplete_abk,
    is_under_review,
    coalesce(need_fte >= ranking_minimum_need_fte, false) as is_ranked,
    as_of
from judged
