{# A view: one model alone reads it. #}
{{ config(materialized='view') }}
with reviews as (
    select * from {{ source('inputs', 'performance_reviews') }}
),

employees as (
    select
        agency_id,
        nip,
        person_id
    from {{ ref('stg_employees') }}
)

select
    reviews.agency_id,
    try_cast(reviews.snapshot_date as date) as snapshot_date,
    employees.person_id,
    try_cast(reviews.year as integer) as review_year,
    reviews.work_result_code,
    reviews.behaviour_code,
    reviews.predicate_code,
    try_cast(reviews.score as double) as score,
    reviews._flags as flags
from reviews
left join employees on reviews.agency_id = employees.agency_id and reviews.nip = employees.nip
