{% set codes = person_rules() %}
with against as (
    select * from {{ ref('int_transfer_outcomes') }}
    where outcome in ('NOT_ELIGIBLE', 'REVIEW')
)

select
    findings.agency_id,
    findings.person_id,
    against.rule_code,
    against.outcome,
    case against.rule_code
        {% for code in codes -%}
            when '{{ code }}' then findings.evidence_{{ code | lower }}
        {% endfor -%}
    end as evidence,
    case against.rule_code
        {% for code in codes -%}
            when '{{ code }}' then findings.limit_{{ code | lower }}
        {% endfor -%}
    end as limit_value,
    against.is_missing,
    against.is_gate
from {{ ref('int_transfer_findings') }} as findings
inner join against
    on findings.findings = against.findings and findings.job_kind is not distinct from against.job_kind
