-- Promises of the planning tables, in one query: keys are unique, rows refer to rows, and no figure can mislead the plan.
with promises as (
    select 'a person stands twice in transfer_people' as broken
    from {{ ref('transfer_people') }}
    group by person_id
    having count(*) > 1
    union all
    select 'an outcome contradicts its rules' as broken
    from {{ ref('transfer_people') }}
    where outcome <> case when failed_rules <> '' then 'NOT_ELIGIBLE' when review_rules <> '' then 'REVIEW' else 'ELIGIBLE' end
    union all
    select 'somebody who may not be proposed is eligible' as broken
    from {{ ref('transfer_people') }}
    where outcome = 'ELIGIBLE' and (job_kind is null or job_kind not in ('jf', 'pelaksana') or employment_status = 'CPNS')
    union all
    select 'a person and a rule stand twice in transfer_eligibility' as broken
    from {{ ref('transfer_eligibility') }}
    group by person_id, rule_code
    having count(*) > 1
    union all
    select 'a home post is no post' as broken
    from {{ ref('transfer_people') }} as people
    left join {{ ref('transfer_posts') }} as posts on people.post_id = posts.post_id
    where posts.post_id is null and strpos(people.review_rules, ' P4 ') = 0
    union all
    select 'a post stands twice in transfer_posts' as broken
    from {{ ref('transfer_posts') }}
    group by post_id
    having count(*) > 1
    union all
    select 'seats of a post contradict its state' as broken
    from {{ ref('transfer_posts') }}
    where
        open_seats < 0
        or releasable < 0
        or (open_seats > 0) <> (state = 'open')
        or (need_seats is null and (open_seats > 0 or releasable > 0))
        or (open_seats > 0 and staff_definitive + people_coming + open_seats > need_seats)
    union all
    select 'two routes lead from one agency to another' as broken
    from {{ ref('transfer_routes') }}
    where not is_override
    group by origin_agency_id, destination_agency_id
    having count(*) > 1
    union all
    select 'people are missing from the counts of a pair rule' as broken
    from {{ ref('pair_rules') }}
    where people_failed < 0 or people_passed < 0 or people_review < 0 or people_failed_alone > people_failed
)

select broken
from promises
