select
    week,
    run_id,
    person_id,
    agency_id,
    outcome,
    reason_code,
    failed_rules,
    review_rules,
    best_post_id,
    price
from {{ source('inputs', 'plan_why_not') }}
