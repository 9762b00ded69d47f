{% set due_months %}
    case judged.job_kind
        when 'jpt' then limits.transfer_due_months_jpt
        when 'administrator' then limits.transfer_due_months_administrator
        when 'pengawas' then limits.transfer_due_months_pengawas
        when 'jf' then limits.transfer_due_months_jf
        when 'pelaksana' then limits.transfer_due_months_pelaksana
    end
{% endset %}
-- Rules that decide before a proposal are gates; the others tell for the file or for a move to another agency.
with lists as (
    select
        job_kind,
        findings,
        {{ code_list("outcome = 'NOT_ELIGIBLE' and is_gate") }} as failed_rules,
        {{ code_list("outcome = 'REVIEW' and is_gate") }} as review_rules,
        {{ code_list("outcome = 'PASSED'") }} as passed_rules,
        {{ code_list("outcome = 'NOT_CHECKED'") }} as unchecked_rules
    from {{ ref('int_transfer_outcomes') }}
    group by job_kind, findings
),

judged as (
    select
        findings.*,
        coalesce(lists.failed_rules, '') as failed_rules,
        coalesce(lists.review_rules, '') as review_rules,
        coalesce(lists.passed_rules, '') as passed_rules,
        coalesce(lists.unchecked_rules, '') as unchecked_rules
    from {{ ref('int_transfer_findings') }} as findings
    left join lists on findings.findings = lists.findings and findings.job_kind is not distinct from lists.job_kind
)

select
    judged.person_id,
    judged.agency_id,
    {{ post_id('judged') }} as post_id,
    case
        when judged.failed_rules <> '' then 'NOT_ELIGIBLE'
        when judged.review_rules <> '' then 'REVIEW'
        else 'ELIGIBLE'
    end as outcome,
    judged.failed_rules,
    judged.review_rules,
    judged.passed_rules,
    judged.unchecked_rules,
    judged.employment_status,
    judged.job_id,
    judged.job_kind,
    judged.job_level,
    cast(judged.job_class as bigint) as job_class,
    judged.job_family,
    judged.proved_sub_job,
    judged.golongan_code,
    judged.education_level_code,
    judged.education_field,
    judged.home_district_code,
    cast({{ whole_months('judged.in_post_since', 'judged.as_of') }} as bigint) as months_in_post,
    coalesce(
        {{ months_after('judged.in_post_since', due_months) }} < judged.as_of, false
    ) as is_due,
    judged.performance_points,
    judged.predicate_last_year,
    judged.predicate_year_before,
    cast(judged.potential_box as bigint) as potential_box,
    judged.has_verified_ground,
    judged.accepts_inter_agency and coalesce(limits.inter_agency_opt_in, 0) = 1 and contains(judged.passed_rules, ' R9 ')
        as accepts_inter_agency,
    judged.moves_with_person_id,
    judged.credit_score,
    rtrim(
        concat(
            case
                when judged.predicate_last_year is not null and judged.predicate_year_before is not null then ' SKP2' else ''
            end,
            case when judged.golongan_code is not null then ' SKPKT' else '' end,
            case when judged.in_post_since is not null then ' SKJAB' else '' end,
            case when judged.has_valid_licence or not judged.needs_licence then ' PROFESI' else '' end,
            ' '
        )
    ) || ' ' as proved_documents
from judged
left join {{ ref('int_rules') }} as limits on judged.agency_id = limits.agency_id
