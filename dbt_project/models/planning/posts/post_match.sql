with rules as (
    select * from {{ ref('int_rules') }}
),

fields as (
    select
        matches.education_field,
        matches.job_family,
        max(matches.points) as points
    from {{ ref('education_match') }} as matches
    cross join {{ ref('int_as_of') }} as today
    where matches.valid_from <= today.as_of and (matches.valid_to is null or matches.valid_to >= today.as_of)
    group by matches.education_field, matches.job_family
),

compared as (
    select
        facts.agency_id,
        facts.person_id,
        facts.unit_id,
        facts.position_id,
        facts.as_of,
        case
            when held.level_order is null or asked.level_order is null then 'UNKNOWN'
            when held.level_order >= asked.level_order then 'MEETS'
            else 'BELOW'
        end as education_level_fit,
        fields.points as education_field_points,
        case
            when fields.points is null then 'UNKNOWN'
            when fields.points >= rules.education_match_minimum_points then 'MATCHES'
            else 'OTHER'
        end as education_field_fit,
        case
            when facts.sub_job is null then 'NOT_NEEDED'
            when facts.proved_sub_job is null then 'UNPROVED'
            when lower(facts.proved_sub_job) = lower(facts.sub_job) then 'PROVED'
            else 'OTHER'
        end as sub_job_fit
    from {{ ref('int_transfer_facts') }} as facts
    left join rules on facts.agency_id = rules.agency_id
    left join {{ ref('education_levels') }} as held on facts.education_level_code = held.education_level_code
    left join {{ ref('education_levels') }} as asked on facts.min_education_code = asked.education_level_code
    left join fields on facts.education_field = fields.education_field and facts.job_family = fields.job_family
)

select
    agency_id,
    person_id,
    unit_id,
    position_id,
    case
        when education_level_fit = 'BELOW' or education_field_fit = 'OTHER' or sub_job_fit = 'OTHER' then 'MISPLACED'
        when education_level_fit = 'UNKNOWN' or education_field_fit = 'UNKNOWN' or sub_job_fit = 'UNPROVED' then 'REVIEW'
        else 'MATCH'
    end as match_outcome,
    education_level_fit,
    education_field_fit,
    cast(education_field_points as double) as education_field_points,
    sub_job_fit,
    as_of
from compared
