{# A view: readers ask for few of its columns, and all of them for everybody are dearer to keep than to find again. #}
{{ config(materialized='view') }}
-- The facts about each person, and each rule against them: whether it passes (P), fails (F), is for review (R), lacks the
-- value (M) or the agency's data (N), or does not ask this person (NULL); where it does not pass, also the value that decided and
-- the limit. `findings` holds them side by side in the order of the rules, with '-' for NULL: people are alike in all but a few
-- hundred ways, so the seed `transfer_rules` judges each way once (int_transfer_outcomes).
{% set codes = person_rules() %}
{% set evidence = {
    'R1': "cast(" ~ whole_months('in_post_since', 'as_of') ~ " as varchar)",
    'R2': "employment_status",
    'R3': "concat(coalesce(predicate_last_year, '-'), ' ', coalesce(predicate_year_before, '-'))",
    'R4': "case when is_examined then 'in_process' when is_sanctioned then 'in_force'"
        ~ " when barred_by = 'R4' then concat('legal_status ', legal_status_code) end",
    'R5': "case when is_studying then 'studying' when bound_until is not null then concat('bound_until ', cast(bound_until as varchar))"
        ~ " when barred_by = 'R5' then concat('legal_status ', legal_status_code) end",
    'R9': "cast(" ~ whole_months('tmt_pns', 'as_of') ~ " // 12 as varchar)",
    'R10': "employment_status",
    'R11': "cast(" ~ whole_months('as_of', 'least(retires_on, leaves_on)') ~ " as varchar)",
    'R12': "job_kind",
    'P1': "job_kind",
    'P2': "job_kind",
    'P3': "'TT'",
    'P4': "case when has_several_posts then 'several_posts' when is_seconded then 'seconded'"
        ~ " when not is_post_known or job_kind is null then 'post_unknown' when is_post_in_doubt then 'post_in_quarantine'"
        ~ " else concat('legal_status ', legal_status_code) end",
    'P5': "legal_status_code",
    'P6': "case when has_licence then 'expired' else 'none' end"
} %}
{% set limits = {
    'R1': "cast(cast(transfer_tenure_months as integer) as varchar)",
    'R2': "'PNS'",
    'R3': "cast(cast(transfer_worst_predicate as integer) as varchar)",
    'R9': "cast(cast(transfer_new_pns_years as integer) as varchar)",
    'R11': "cast(cast(transfer_before_retirement_months as integer) as varchar)"
} %}
with people as (
    select
        facts.*,
        limits.transfer_tenure_months,
        limits.transfer_new_pns_years,
        limits.transfer_before_retirement_months,
        limits.transfer_worst_predicate,
        limits.pppk_internal_move_allowed,
        limits.election_window,
        facts.employment_status in ('PPPK', 'PPPK_PW') as is_contract,
        greatest(facts.predicate_last_year, facts.predicate_year_before) as worst_predicate
    from {{ ref('int_transfer_facts') }} as facts
    left join {{ ref('int_rules') }} as limits on facts.agency_id = limits.agency_id
),

found as (
    select
        people.*,
        case
            when in_post_since is null then 'M'
            when {{ months_after('in_post_since', 'transfer_tenure_months') }} <= as_of then 'P'
            else 'F'
        end as finding_r1,
        case
            when employment_status is null then 'M'
            when employment_status = 'PNS' then 'P'
            when employment_status = 'CPNS' then 'F'
        end as finding_r2,
        case
            when not has_reviews then 'N'
            when try_cast(worst_predicate as integer) > transfer_worst_predicate then 'F'
            when predicate_last_year is null or predicate_year_before is null then 'M'
            else 'P'
        end as finding_r3,
        case
            when barred_by = 'R4' or is_examined or is_sanctioned then 'F'
            when not has_discipline then 'N'
            else 'P'
        end as finding_r4,
        case
            when barred_by = 'R5' or is_studying or bound_until is not null then 'F'
            when not has_study_leave then 'N'
            else 'P'
        end as finding_r5,
        'N' as finding_r6,
        case
            when is_contract or employment_status = 'CPNS' then null
            when tmt_pns is null then 'M'
            when {{ months_after('tmt_pns', 'transfer_new_pns_years * 12') }} <= as_of then 'P'
            else 'F'
        end as finding_r9,
        case
            when employment_status is null then 'M'
            when is_contract and coalesce(pppk_internal_move_allowed, 0) <> 1 then 'F'
            else 'P'
        end as finding_r10,
        case
            when retires_on <= as_of then 'F'
            when {{ months_after('as_of', 'transfer_before_retirement_months') }} > least(retires_on, leaves_on) then 'R'
            when retires_on is null then 'M'
            else 'P'
        end as finding_r11,
        case
            when coalesce(election_window, 0) <> 1 then 'P'
            when job_kind in ('jpt', 'administrator', 'pengawas') or has_additional_duty then 'R'
            else 'P'
        end as finding_r12,
        'F' as finding_p1,
        'R' as finding_p2,
        case when has_additional_duty then 'R' else 'P' end as finding_p3,
        case
            when
                has_several_posts or is_seconded or not is_post_known or is_post_in_doubt or job_kind is null
                or coalesce(barred_by = 'P4', false)
                then 'R'
            else 'P'
        end as finding_p4,
        case
            when legal_status_code is null then 'M'
            when barred_by = 'P5' then 'F'
            else 'P'
        end as finding_p5,
        case
            when not needs_licence then null
            when has_valid_licence then 'P'
            when not has_licences then 'N'
            when has_licence then 'F'
            else 'M'
        end as finding_p6
    from people
)

select
    {% for code in codes -%}
        {% set c = code | lower -%}
        case when finding_{{ c }} <> 'P' then {{ evidence[code] or 'cast(null as varchar)' }} end as evidence_{{ c }},
        case when finding_{{ c }} <> 'P' then {{ limits[code] or 'cast(null as varchar)' }} end as limit_{{ c }},
    {% endfor -%}
    concat(
        {% for code in codes -%}
            coalesce(finding_{{ code | lower }}, '-'){{ "," if not loop.last }}
        {% endfor %}
    ) as findings,
    found.*
from found
