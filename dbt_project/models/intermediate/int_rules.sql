{# One typed column per rule, the row in force on the day, an agency's own row before the general one. #}
{% set numeric_rules = [
    'abk_effective_minutes', 'abk_minimum_one', 'abk_doubtful_ratio',
    'abk_period_factor_year', 'abk_period_factor_month', 'abk_period_factor_week', 'abk_period_factor_day',
    'abk_volume_jump_pct', 'abk_identical_sheets', 'abk_old_years', 'wisn_available_hours',
    'school_year_first_month', 'teacher_hours_per_week', 'teacher_overload_hours',
    'load_high_pressure', 'load_low_pressure', 'survey_high_from', 'survey_low_to', 'survey_valid_months', 'critical_declared_cap_pct', 'education_match_minimum_points', 'forecast_years',
    'ej_grade_a_above', 'ej_grade_b_from', 'ej_grade_c_from', 'ej_grade_d_from',
    'transfer_tenure_months', 'transfer_due_months_jpt', 'transfer_due_months_administrator', 'transfer_due_months_pengawas',
    'transfer_due_months_jf', 'transfer_due_months_pelaksana', 'transfer_new_pns_years', 'transfer_before_retirement_months',
    'transfer_worst_predicate', 'transfer_good_score_from', 'transfer_skp_due_month', 'pppk_internal_move_allowed',
    'election_window', 'talent_potential_middle_from', 'talent_potential_high_from', 'inter_agency_opt_in',
    'minimum_cell_size', 'ranking_minimum_need_fte', 'pppk_part_time_fte',
    'bup_jpt', 'bup_administrator', 'bup_pengawas', 'bup_pelaksana', 'bup_jf', 'bup_jf_madya', 'bup_jf_utama',
] %}
with agencies as (
    select agency_id from {{ ref('stg_agencies') }}
),

in_force as (
    select
        rules.rule_code,
        rules.agency_id,
        rules.value,
        rules.valid_from
    from {{ ref('rules') }} as rules
    cross join {{ ref('int_as_of') }} as today
    where rules.valid_from <= today.as_of and (rules.valid_to is null or rules.valid_to >= today.as_of)
),

candidates as (
    select
        agencies.agency_id,
        in_force.rule_code,
        in_force.value,
        row_number() over (
            partition by agencies.agency_id, in_force.rule_code
            order by case when in_force.agency_id is null then 1 else 0 end, in_force.valid_from desc
        ) as precedence
    from agencies
    inner join in_force on in_force.agency_id is null or agencies.agency_id = in_force.agency_id
)

select
    agency_id,
    {% for code in numeric_rules -%}
        max(case when rule_code = '{{ code }}' then try_cast(value as double) end) as {{ code }},
    {% endfor -%}
    max(case when rule_code = 'abk_rounding' then value end) as abk_rounding,
    max(case when rule_code = 'assignments_without_end' then value end) as assignments_without_end
from candidates
where precedence = 1
group by agency_id
