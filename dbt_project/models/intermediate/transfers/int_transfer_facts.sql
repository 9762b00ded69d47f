-- What the rules of a transfer ask about a person, one row per person in service with a definitive post. Nothing is judged here.
with today as (
    select * from {{ ref('int_as_of') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

duties as (
    select
        agency_id,
        person_id,
        bool_or(assignment_type = 'TT') as has_additional_duty,
        bool_or(assignment_type in ('DPK', 'DPB')) as is_seconded
    from {{ ref('int_assignments') }}
    where assignment_type in ('TT', 'DPK', 'DPB')
    group by agency_id, person_id
),

-- Few people have more than one assignment: only their posts are put in order.
ranked_homes as (
    select
        agency_id,
        person_id,
        unit_id,
        position_id,
        assigned_from,
        row_number() over (
            partition by person_id
            order by is_main_post desc, assigned_from desc, agency_id asc, unit_id asc, position_id asc
        ) as home_rank,
        count(*) over (partition by person_id) > 1 as has_several_posts
    from {{ ref('int_assignments') }}
    where is_definitive_holder and not is_only_assignment
    union all
    select
        agency_id,
        person_id,
        unit_id,
        position_id,
        assigned_from,
        1 as home_rank,
        false as has_several_posts
    from {{ ref('int_assignments') }}
    where is_definitive_holder and is_only_assignment
),

several_duties as (
    select distinct
        agency_id,
        person_id
    from {{ ref('int_assignments') }}
    where not is_only_assignment
),

-- A renewed decree for the same post does not start the time in post again, whether the earlier one still stands or ended on
-- the day before; a gap does. Few homes are held under more than one decree: only those are looked at row by row.
decrees as (
    select
        assignments.agency_id,
        assignments.person_id,
        assignments.unit_id,
        assignments.position_id,
        assignments.assigned_from,
        coalesce(assignments.assigned_to, today.as_of) as assigned_until
    from {{ ref('stg_assignments') }} as assignments
    cross join today
    inner join {{ ref('assignment_types') }} as kinds on assignments.assignment_type = kinds.assignment_type
    where kinds.is_definitive and assignments.assigned_from <= today.as_of
),

-- Whose only assignment in force is the home can have held it before under an earlier decree that ended, and under no other.
others as (
    select decrees.*
    from decrees
    cross join today
    where decrees.assigned_until < today.as_of
    union all
    select decrees.*
    from decrees
    cross join today
    inner join several_duties as people on decrees.agency_id = people.agency_id and decrees.person_id = people.person_id
    where decrees.assigned_until >= today.as_of
),

renewed as (
    select distinct
        homes.agency_id,
        homes.person_id,
        homes.unit_id,
        homes.position_id
    from ranked_homes as homes
    inner join others
        on
            homes.agency_id = others.agency_id
            and homes.person_id = others.person_id
            and homes.unit_id = others.unit_id
            and homes.position_id = others.position_id
            and homes.assigned_from <> others.assigned_from
    where homes.home_rank = 1
),

begun as (
    select
        decrees.*,
        max(decrees.assigned_until) over (
            partition by decrees.agency_id, decrees.person_id, decrees.unit_id, decrees.position_id
            order by decrees.assigned_from rows between unbounded preceding and 1 preceding
        ) as held_until
    from decrees
    inner join renewed
        on
            decrees.agency_id = renewed.agency_id
            and decrees.person_id = renewed.person_id
            and decrees.unit_id = renewed.unit_id
            and decrees.position_id = renewed.position_id
),

stays as (
    select
        agency_id,
        person_id,
        unit_id,
        position_id,
        max(assigned_from) as in_post_since
    from begun
    where held_until is null or held_until + 1 < assigned_from
    group by agency_id, person_id, unit_id, position_id
),

planned as (
    select
        leavers.agency_id,
        leavers.person_id,
        min(leavers.leaves_on) as leaves_on
    from {{ ref('stg_planned_leavers') }} as leavers
    group by leavers.agency_id, leavers.person_id
),

equivalents as (
    {{ job_equivalents() }}
),

-- The predicate follows from the two ratings where it is missing; where a check found them at odds it is unknown.
reviews as (
    select
        given.agency_id,
        given.nip,
        given.review_year,
        case
            when given.predicate_code is not null then given.predicate_code
            when given.review_year < 2022 and given.score is not null
                then case when given.score >= rules.transfer_good_score_from then '2' else '3' end
            when coalesce(given.flags, '') not like '% SKP-007 %' then cells.predicate_code
        end as predicate_code
    from {{ ref('stg_performance_reviews') }} as given
    left join rules on given.agency_id = rules.agency_id
    left join {{ ref('skp_matrix') }} as cells
        on given.work_result_code = cells.work_result_code and given.behaviour_code = cells.behaviour_code
),

predicates as (
    select distinct
        predicate_code,
        performance_points,
        performance_axis
    from {{ ref('skp_matrix') }}
),

rated as (
    select
        reviews.agency_id,
        reviews.nip,
        max(case when reviews.review_year = today.as_of_year - 1 then reviews.predicate_code end) as predicate_1,
        max(case when reviews.review_year = today.as_of_year - 2 then reviews.predicate_code end) as predicate_2,
        max(case when reviews.review_year = today.as_of_year - 3 then reviews.predicate_code end) as predicate_3
    from reviews
    cross join today
    where reviews.review_year between today.as_of_year - 3 and today.as_of_year - 1
    group by reviews.agency_id, reviews.nip
),

-- Until last year's reviews are due, the two years before count, unless the person's review is already there.
expected as (
    select
        rated.*,
        coalesce(extract(month from today.as_of) >= rules.transfer_skp_due_month, false)
        or rated.predicate_1 is not null as counts_last_year
    from rated
    cross join today
    left join rules on rated.agency_id = rules.agency_id
),

counted as (
    select
        agency_id,
        nip,
        case when counts_last_year then predicate_1 else predicate_2 end as predicate_last_year,
        case when counts_last_year then predicate_2 else predicate_3 end as predicate_year_before
    from expected
),

performance as (
    select
        counted.*,
        cast(
            round(
                coalesce(
                    (last_year.performance_points + year_before.performance_points) / 2.0,
                    last_year.performance_points, year_before.performance_points
                )
            ) as bigint
        ) as performance_points,
        last_year.performance_axis
    from counted
    left join predicates as last_year on counted.predicate_last_year = last_year.predicate_code
    left join predicates as year_before on counted.predicate_year_before = year_before.predicate_code
),

potential as (
    select
        results.agency_id,
        results.person_id,
        arg_max(results.potential_score, results.assessed_on) as potential_score
    from {{ ref('stg_assessments') }} as results
    cross join today
    where results.assessed_on <= today.as_of and coalesce(results.assessment_until >= today.as_of, true)
    group by results.agency_id, results.person_id
),

discipline as (
    select
        cases.agency_id,
        cases.person_id,
        bool_or(cases.case_status = 'in_process') as is_examined,
        bool_or(
            cases.case_status = 'in_force'
            and coalesce(cases.sanction_from <= today.as_of, true)
            and coalesce(cases.sanction_to >= today.as_of, true)
        ) as is_sanctioned
    from {{ ref('stg_discipline') }} as cases
    cross join today
    group by cases.agency_id, cases.person_id
),

study as (
    select
        leaves.agency_id,
        leaves.person_id,
        bool_or(leaves.study_from <= today.as_of and coalesce(leaves.study_to >= today.as_of, true)) as is_studying,
        max(
            case when leaves.study_from <= today.as_of and leaves.bond_until >= today.as_of then leaves.bond_until end
        ) as bound_until
    from {{ ref('stg_study_leave') }} as leaves
    cross join today
    group by leaves.agency_id, leaves.person_id
),

licences as (
    select
        held.agency_id,
        held.person_id,
        held.licence_type,
        held.licensed_sub_job,
        held.licence_from,
        held.licence_from <= today.as_of and coalesce(held.licence_to >= today.as_of, true) as is_valid
    from {{ ref('stg_licences') }} as held
    cross join today
),

wishes as (
    select
        agency_id,
        person_id,
        bool_or(has_verified_ground) as has_verified_ground,
        bool_or(accepts_inter_agency) as accepts_inter_agency,
        -- Whose spouse is nobody we know moves with nobody: alone they did not ask to go.
        coalesce(
            min(case when is_joint_move then spouse_person_id end), case when bool_or(is_joint_move) then 'unknown' end
        ) as moves_with_person_id
    from {{ ref('stg_preferences') }}
    group by agency_id, person_id
),

credit as (
    select
        scores.agency_id,
        scores.person_id,
        arg_max(scores.credit_score, scores.credit_year) as credit_score
    from {{ ref('stg_credit_scores') }} as scores
    cross join today
    where scores.credit_year <= today.as_of_year
    group by scores.agency_id, scores.person_id
),

-- An agency that delivers a dataset without this person says something; one that never delivers it says nothing, nor does one
-- whose newest delivery lost rows: a case that could not be read may be this person's.
incomplete as (
    select
        deliveries.agency_id,
        deliveries.dataset
    from {{ ref('int_dataset_deliveries') }} as deliveries
    cross join today
    where
        deliveries.dataset in ('discipline', 'study_leave')
        and deliveries.status = 'ok'
        and deliveries.snapshot_date <= today.as_of
    group by deliveries.agency_id, deliveries.dataset
    having arg_max(deliveries.rows_quarantined, deliveries.snapshot_date) > 0
),

delivered as (
    select
        deliveries.agency_id,
        bool_or(deliveries.dataset = 'performance_reviews') as has_reviews,
        bool_or(deliveries.dataset = 'discipline' and incomplete.dataset is null) as has_discipline,
        bool_or(deliveries.dataset = 'study_leave' and incomplete.dataset is null) as has_study_leave,
        bool_or(deliveries.dataset = 'licences') as has_licences
    from (
        select
            agency_id,
            dataset
        from {{ ref('int_dataset_deliveries') }}
        where data_as_of is not null
        union all
        select
            agency_id,
            'performance_reviews' as dataset
        from {{ ref('stg_performance_reviews') }}
        union all
        select
            agency_id,
            'discipline' as dataset
        from discipline
        union all
        select
            agency_id,
            'study_leave' as dataset
        from study
        union all
        select
            agency_id,
            'licences' as dataset
        from licences
    ) as deliveries
    left join incomplete on deliveries.agency_id = incomplete.agency_id and deliveries.dataset = incomplete.dataset
    group by deliveries.agency_id
),

homes as (
    select
        homes.agency_id,
        homes.person_id,
        homes.unit_id,
        homes.position_id,
        homes.has_several_posts,
        coalesce(duties.has_additional_duty, false) as has_additional_duty,
        coalesce(duties.is_seconded, false) as is_seconded,
        coalesce(stays.in_post_since, homes.assigned_from) as in_post_since,
        positions.position_id is not null as is_post_known,
        coalesce(review.is_exact, false) as is_post_in_doubt,
        coalesce(equivalents.job_id, positions.job_id) as job_id,
        positions.job_kind,
        positions.job_level,
        positions.sub_job,
        positions.min_education_code,
        positions.job_class,
        coalesce(equivalents.job_family, positions.job_family) as job_family,
        positions.bup_age
    from ranked_homes as homes
    left join duties on homes.agency_id = duties.agency_id and homes.person_id = duties.person_id
    left join stays
        on
            homes.agency_id = stays.agency_id
            and homes.person_id = stays.person_id
            and homes.unit_id = stays.unit_id
            and homes.position_id = stays.position_id
    left join {{ ref('dim_position') }} as positions
        on
            homes.agency_id = positions.agency_id
            and homes.unit_id = positions.unit_id
            and homes.position_id = positions.position_id
    left join equivalents on positions.agency_id = equivalents.agency_id and positions.job_id = equivalents.legacy_job_id
    left join {{ ref('int_posts_under_review') }} as review
        on homes.agency_id = review.agency_id and homes.unit_id = review.unit_id and homes.position_id = review.position_id
    where homes.home_rank = 1
),

required_licences as (
    select
        needed.job_family,
        needed.licence_type
    from {{ ref('licence_requirements') }} as needed
    cross join today
    where needed.valid_from <= today.as_of and coalesce(needed.valid_to >= today.as_of, true)
),

licensed_families as (
    select distinct job_family
    from required_licences
),

licensed as (
    select
        licences.agency_id,
        licences.person_id,
        required.job_family,
        coalesce(bool_or(licences.is_valid), false) as is_valid
    from licences
    inner join required_licences as required on licences.licence_type = required.licence_type
    group by licences.agency_id, licences.person_id, required.job_family
),

proved_subjects as (
    select * from licences
    where is_valid and licensed_sub_job is not null
),

-- Where several subjects are proved, the one of the present post counts first, then the newest.
subjects as (
    select distinct
        agency_id,
        person_id,
        licensed_sub_job
    from proved_subjects
),

newest_subjects as (
    select
        agency_id,
        person_id,
        arg_max(licensed_sub_job, licence_from) as licensed_sub_job
    from proved_subjects
    group by agency_id, person_id
)

select
    homes.agency_id,
    homes.person_id,
    homes.unit_id,
    homes.position_id,
    homes.has_several_posts,
    homes.has_additional_duty,
    homes.is_seconded,
    homes.in_post_since,
    homes.is_post_known,
    homes.is_post_in_doubt,
    homes.job_id,
    homes.job_kind,
    homes.job_level,
    homes.job_class,
    homes.job_family,
    homes.sub_job,
    homes.min_education_code,
    employees.employment_status,
    employees.legal_status_code,
    statuses.barred_by,
    employees.golongan_code,
    employees.tmt_pns,
    employees.education_level_code,
    employees.education_field,
    employees.home_district_code,
    {{ months_after('date_trunc(\'month\', employees.birth_date)', 'homes.bup_age * 12 + 1') }} as retires_on,
    planned.leaves_on,
    coalesce(subjects.licensed_sub_job, newest_subjects.licensed_sub_job, employees.certified_sub_job) as proved_sub_job,
    coalesce(licensed_families.job_family is not null and homes.job_kind = 'jf', false) as needs_licence,
    licensed.job_family is not null as has_licence,
    coalesce(licensed.is_valid, false) as has_valid_licence,
    performance.predicate_last_year,
    performance.predicate_year_before,
    performance.performance_points,
    boxes.potential_box,
    coalesce(discipline.is_examined, false) as is_examined,
    coalesce(discipline.is_sanctioned, false) as is_sanctioned,
    coalesce(study.is_studying, false) as is_studying,
    study.bound_until,
    coalesce(wishes.has_verified_ground, false) as has_verified_ground,
    coalesce(wishes.accepts_inter_agency, false) as accepts_inter_agency,
    wishes.moves_with_person_id,
    credit.credit_score,
    coalesce(delivered.has_reviews, false) as has_reviews,
    coalesce(delivered.has_discipline, false) as has_discipline,
    coalesce(delivered.has_study_leave, false) as has_study_leave,
    coalesce(delivered.has_licences, false) as has_licences,
    today.as_of
from homes
cross join today
inner join {{ ref('stg_employees') }} as employees
    on homes.agency_id = employees.agency_id and homes.person_id = employees.person_id and employees.pseudonym is not null
left join rules on homes.agency_id = rules.agency_id
left join {{ ref('legal_statuses') }} as statuses on employees.legal_status_code = statuses.legal_status_code
left join licensed_families on homes.job_family = licensed_families.job_family
left join licensed
    on
        homes.agency_id = licensed.agency_id
        and homes.person_id = licensed.person_id
        and homes.job_family = licensed.job_family
left join subjects
    on
        homes.agency_id = subjects.agency_id
        and homes.person_id = subjects.person_id
        and homes.sub_job = subjects.licensed_sub_job
left join newest_subjects on homes.agency_id = newest_subjects.agency_id and homes.person_id = newest_subjects.person_id
left join performance on employees.agency_id = performance.agency_id and employees.nip = performance.nip
left join potential on homes.agency_id = potential.agency_id and homes.person_id = potential.person_id
left join {{ ref('talent_boxes') }} as boxes
    on
        performance.performance_axis = boxes.performance_axis
        and case
            when rules.talent_potential_high_from <= potential.potential_score then 3
            when rules.talent_potential_middle_from <= potential.potential_score then 2
            when potential.potential_score is not null then 1
        end = boxes.potential_axis
left join discipline on homes.agency_id = discipline.agency_id and homes.person_id = discipline.person_id
left join planned on homes.agency_id = planned.agency_id and homes.person_id = planned.person_id
left join study on homes.agency_id = study.agency_id and homes.person_id = study.person_id
left join wishes on homes.agency_id = wishes.agency_id and homes.person_id = wishes.person_id
left join credit on homes.agency_id = credit.agency_id and homes.person_id = credit.person_id
left join delivered on homes.agency_id = delivered.agency_id
