{% set codes = person_rules() %}
with rules as (
    select
        given.rule_code,
        given.stage = 'before_proposal' and given.applies_to <> 'inter_agency' and given.initiative <> 'own_request' as is_gate
    from {{ ref('transfer_rules') }} as given
    cross join {{ ref('int_as_of') }} as today
    where given.valid_from <= today.as_of and coalesce(given.valid_to >= today.as_of, true)
),

findings as (
    {% for code in codes -%}
        {% set c = code | lower -%}
        select
            agency_id,
            person_id,
            '{{ code }}' as rule_code,
            outcome_{{ c }} as outcome,
            is_missing_{{ c }} as is_missing,
            evidence_{{ c }} as evidence,
            limit_{{ c }} as limit_value
        from {{ ref('int_transfer_findings') }}
        where outcome_{{ c }} in ('NOT_ELIGIBLE', 'REVIEW')
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    findings.agency_id,
    findings.person_id,
    findings.rule_code,
    cast(findings.outcome as varchar) as outcome,
    findings.evidence,
    findings.limit_value,
    findings.is_missing,
    rules.is_gate
from findings
inner join rules on findings.rule_code = rules.rule_code
