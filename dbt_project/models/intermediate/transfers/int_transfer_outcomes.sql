-- What each rule in force makes of the ways in which people are alike: their kind of job and what was found about them. The seed
-- `transfer_rules` says what a missing value means; a rule that is not meant for the kind of job, or does not ask, has no row.
with alike as (
    select distinct
        job_kind,
        findings
    from {{ ref('int_transfer_findings') }}
),

rules as (
    select
        given.rule_code,
        places.place,
        given.on_missing,
        given.on_no_data,
        concat(' ', given.job_kinds, ' ') as job_kinds,
        given.stage = 'before_proposal' and given.applies_to <> 'inter_agency' and given.initiative <> 'own_request' as is_gate
    from {{ ref('transfer_rules') }} as given
    cross join {{ ref('int_as_of') }} as today
    inner join (
        values
        {% for code in person_rules() -%}
            ('{{ code }}', {{ loop.index }}){{ "," if not loop.last }}
        {% endfor %}
    ) as places (rule_code, place) on given.rule_code = places.rule_code
    where given.valid_from <= today.as_of and coalesce(given.valid_to >= today.as_of, true)
),

found as (
    select
        alike.job_kind,
        alike.findings,
        rules.rule_code,
        rules.place,
        rules.is_gate,
        rules.on_missing,
        rules.on_no_data,
        substr(alike.findings, rules.place, 1) as finding
    from alike
    inner join rules on rules.job_kinds = ' all ' or strpos(rules.job_kinds, concat(' ', alike.job_kind, ' ')) > 0
)

select
    job_kind,
    findings,
    rule_code,
    place,
    is_gate,
    case finding
        when 'P' then 'PASSED'
        when 'F' then 'NOT_ELIGIBLE'
        when 'R' then 'REVIEW'
        when 'M' then replace(on_missing, 'FAIL', 'NOT_ELIGIBLE')
        when 'N' then replace(on_no_data, 'FAIL', 'NOT_ELIGIBLE')
    end as outcome,
    finding in ('M', 'N') as is_missing
from found
where finding <> '-'
