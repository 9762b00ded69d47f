-- Time in each job family from the definitive posts of the career; days that two posts share count once.
with today as (
    select * from {{ ref('int_as_of') }}
),

stays as (
    select
        assignments.person_id,
        positions.job_family,
        assignments.assigned_from as stay_from,
        least(coalesce(assignments.assigned_to + 1, today.as_of), today.as_of) as stay_to
    from {{ ref('stg_assignments') }} as assignments
    cross join today
    inner join {{ ref('assignment_types') }} as kinds on assignments.assignment_type = kinds.assignment_type
    inner join {{ ref('dim_position') }} as positions
        on
            assignments.agency_id = positions.agency_id
            and assignments.unit_id = positions.unit_id
            and assignments.position_id = positions.position_id
    where
        kinds.is_definitive
        and assignments.person_id is not null
        and positions.job_family is not null
        and assignments.assigned_from < today.as_of
),

begun as (
    select
        stays.*,
        max(stay_to) over (
            partition by person_id, job_family order by stay_from asc, stay_to asc
            rows between unbounded preceding and 1 preceding
        ) as covered_to
    from stays
    where stay_to > stay_from
),

experience as (
    select
        person_id,
        job_family,
        sum(
            case
                when covered_to is null or covered_to <= stay_from then stay_to - stay_from
                when covered_to < stay_to then stay_to - covered_to
                else 0
            end
        ) as days
    from begun
    group by person_id, job_family
),

trained as (
    select
        trainings.person_id,
        trainings.training_family as job_family,
        sum(coalesce(trainings.training_hours, 0)) as training_hours
    from {{ ref('stg_trainings') }} as trainings
    cross join today
    where trainings.completed_on <= today.as_of and trainings.training_family is not null
    group by trainings.person_id, trainings.training_family
),

together as (
    select
        coalesce(experience.person_id, trained.person_id) as person_id,
        coalesce(experience.job_family, trained.job_family) as job_family,
        coalesce(experience.days, 0) as days,
        coalesce(trained.training_hours, 0) as training_hours
    from experience
    full join trained on experience.person_id = trained.person_id and experience.job_family = trained.job_family
)

select
    together.person_id,
    together.job_family,
    -- 1,461 days are four years of 48 months.
    cast(together.days * 48 // 1461 as bigint) as months,
    cast(round(together.training_hours) as bigint) as training_hours
from together
inner join {{ ref('transfer_people') }} as people on together.person_id = people.person_id
