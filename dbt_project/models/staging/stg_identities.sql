select
    agency_id,
    nip,
    person_id,
    pseudonym
from {{ source('inputs', 'identities') }}
