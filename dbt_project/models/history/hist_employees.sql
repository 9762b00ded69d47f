with changes as (
    select
        agency_id,
        nip,
        employment_status,
        legal_status_code,
        golongan_code,
        education_level_code,
        certified_sub_job,
        _change as change,
        _recorded_on as valid_from
    from {{ source('changes', 'employees') }}
),

{{ intervals('changes', ['agency_id', 'nip']) }},

identities as (
    select * from {{ ref('stg_identities') }}
)

select
    intervals.agency_id,
    -- NULL for a person whose identity is gone; the employee number itself stays behind.
    identities.person_id,
    intervals.employment_status,
    intervals.legal_status_code,
    intervals.golongan_code,
    intervals.education_level_code,
    intervals.certified_sub_job,
    intervals.valid_from,
    intervals.valid_to,
    intervals.valid_to is null as is_current
from intervals
left join identities on intervals.agency_id = identities.agency_id and intervals.nip = identities.nip
where intervals.change <> 'deleted'
