{# Rules that decide before a proposal about a move inside the agency that the organisation starts; R6 belongs to the file,
   R9 to a move to another agency. The seed says so, and a test holds this list to it. #}
{% set codes = person_rules() %}
{% set due_months %}
    case facts.job_kind
        when 'jpt' then limits.transfer_due_months_jpt
        when 'administrator' then limits.transfer_due_months_administrator
        when 'pengawas' then limits.transfer_due_months_pengawas
        when 'jf' then limits.transfer_due_months_jf
        when 'pelaksana' then limits.transfer_due_months_pelaksana
    end
{% endset %}
{% set gates = codes | reject('in', ['R6', 'R9']) | list %}
with judged as (
    select
        findings.agency_id,
        findings.person_id,
        {{ code_list(gates, "coalesce(outcome_CODE = 'NOT_ELIGIBLE', false)") }} as failed_rules,
        {{ code_list(gates, "coalesce(outcome_CODE = 'REVIEW', false)") }} as review_rules,
        {{ code_list(codes, "coalesce(outcome_CODE = 'PASSED', false)") }} as passed_rules,
        {{ code_list(codes, "coalesce(outcome_CODE = 'NOT_CHECKED', false)") }} as unchecked_rules,
        findings.outcome_r9
    from {{ ref('int_transfer_findings') }} as findings
)

select
    facts.person_id,
    facts.agency_id,
    {{ post_id('facts') }} as post_id,
    case
        when judged.failed_rules <> '' then 'NOT_ELIGIBLE'
        when judged.review_rules <> '' then 'REVIEW'
        else 'ELIGIBLE'
    end as outcome,
    judged.failed_rules,
    judged.review_rules,
    judged.passed_rules,
    judged.unchecked_rules,
    facts.employment_status,
    facts.job_id,
    facts.job_kind,
    facts.job_level,
    cast(facts.job_class as bigint) as job_class,
    facts.job_family,
    facts.proved_sub_job,
    facts.golongan_code,
    facts.education_level_code,
    facts.education_field,
    facts.home_district_code,
    cast({{ whole_months('facts.in_post_since', 'facts.as_of') }} as bigint) as months_in_post,
    coalesce(
        {{ months_after('facts.in_post_since', due_months) }} < facts.as_of, false
    ) as is_due,
    facts.performance_points,
    facts.predicate_last_year,
    facts.predicate_year_before,
    cast(facts.potential_box as bigint) as potential_box,
    facts.has_verified_ground,
    facts.accepts_inter_agency and coalesce(limits.inter_agency_opt_in, 0) = 1 and coalesce(judged.outcome_r9 = 'PASSED', false)
        as accepts_inter_agency,
    facts.moves_with_person_id,
    facts.credit_score,
    rtrim(
        concat(
            case when facts.predicate_last_year is not null and facts.predicate_year_before is not null then ' SKP2' else '' end,
            case when facts.golongan_code is not null then ' SKPKT' else '' end,
            case when facts.in_post_since is not null then ' SKJAB' else '' end,
            case when facts.has_valid_licence then ' PROFESI' else '' end,
            ' '
        )
    ) || ' ' as proved_documents
from {{ ref('int_transfer_facts') }} as facts
inner join judged on facts.agency_id = judged.agency_id and facts.person_id = judged.person_id
left join {{ ref('int_rules') }} as limits on facts.agency_id = limits.agency_id
