with today as (
    select * from {{ ref('int_as_of') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

agency_facts as (
    select
        agencies.agency_id,
        exists(
            select 1 from {{ ref('int_assignments') }} as duties
            where duties.agency_id = agencies.agency_id
        ) as has_assignments,
        exists(
            select 1 from {{ ref('stg_positions') }} as positions
            where positions.agency_id = agencies.agency_id and positions.job_id is not null
        ) as has_job_ids
    from {{ ref('stg_agencies') }} as agencies
),

people_per_post as (
    select
        agency_id,
        unit_id,
        position_id,
        person_id,
        bool_or(is_definitive_holder) as is_definitive_holder,
        bool_or(is_other_seat_taker) as is_other_seat_taker,
        bool_or(is_acting_holder) as is_acting_holder,
        bool_or(is_departed_holder) as is_departed_holder
    from {{ ref('int_assignments') }}
    group by agency_id, unit_id, position_id, person_id
),

holders as (
    select
        agency_id,
        unit_id,
        position_id,
        sum(case when is_definitive_holder then 1 else 0 end) as holders_definitive,
        sum(case when is_other_seat_taker and not is_definitive_holder then 1 else 0 end) as seats_taken_otherwise,
        sum(case when is_acting_holder then 1 else 0 end) as acting_holders,
        sum(case when is_departed_holder then 1 else 0 end) as departed_holders
    from people_per_post
    group by agency_id, unit_id, position_id
),

posts as (
    select
        positions.agency_id,
        'post' as scope,
        concat_ws('|', 'post', positions.agency_id, positions.unit_id, positions.position_id) as vacancy_id,
        positions.unit_id,
        positions.position_id,
        positions.job_id,
        cast(null as varchar) as sub_job_id,
        positions.job_name,
        positions.job_kind,
        positions.sub_job,
        positions.establishment_approved,
        need.need_fte,
        need.need_rounded,
        need.minimum_one_adds,
        need.abk_year,
        coalesce(need.tasks_without_figure > 0, false) as has_incomplete_abk,
        agency_facts.has_assignments as is_holders_known,
        coalesce(holders.holders_definitive, 0) as holders_definitive,
        coalesce(holders.seats_taken_otherwise, 0) as seats_taken_otherwise,
        coalesce(holders.acting_holders, 0) as acting_holders,
        coalesce(holders.departed_holders, 0) as departed_holders,
        0 as holders_without_sub_job,
        positions.is_critical as is_declared_critical,
        coalesce(review.is_exact, false) as is_touched,
        review.position_id is not null as is_perhaps_touched,
        -- `least` skips NULL on some engines; an unknown need or establishment makes the seats unknown.
        case
            when need.need_rounded <= positions.establishment_approved then need.need_rounded
            when need.need_rounded > positions.establishment_approved then positions.establishment_approved
        end as seats
    from {{ ref('dim_position') }} as positions
    left join agency_facts on positions.agency_id = agency_facts.agency_id
    left join {{ ref('int_need') }} as need
        on
            positions.agency_id = need.agency_id
            and positions.unit_id = need.unit_id
            and positions.position_id = need.position_id
    left join holders
        on
            positions.agency_id = holders.agency_id
            and positions.unit_id = holders.unit_id
            and positions.position_id = holders.position_id
    left join {{ ref('int_posts_under_review') }} as review
        on
            positions.agency_id = review.agency_id
            and positions.unit_id = review.unit_id
            and positions.position_id = review.position_id
),

agency_jobs as (
    select
        requirements.agency_id,
        'agency_job' as scope,
        concat_ws('|', 'agency_job', requirements.requirement_id) as vacancy_id,
        cast(null as varchar) as unit_id,
        cast(null as varchar) as position_id,
        requirements.job_id,
        requirements.sub_job_id,
        requirements.job_name,
        jobs.job_kind,
        requirements.sub_job,
        cast(null as integer) as establishment_approved,
        cast(requirements.required_count as double) as need_fte,
        requirements.required_count as need_rounded,
        cast(null as integer) as minimum_one_adds,
        cast(null as integer) as abk_year,
        false as has_incomplete_abk,
        agency_facts.has_assignments and agency_facts.has_job_ids as is_holders_known,
        holders.holders_definitive,
        holders.seats_taken_otherwise,
        holders.acting_holders,
        0 as departed_holders,
        holders.holders_without_sub_job,
        false as is_declared_critical,
        false as is_touched,
        false as is_perhaps_touched,
        requirements.required_count as seats
    from {{ ref('int_job_requirements') }} as requirements
    inner join {{ ref('int_job_holders') }} as holders
        on requirements.agency_id = holders.agency_id and requirements.requirement_id = holders.requirement_id
    left join agency_facts on requirements.agency_id = agency_facts.agency_id
    left join {{ ref('stg_jobs') }} as jobs on requirements.agency_id = jobs.agency_id and requirements.job_id = jobs.job_id
),

together as (
    select * from posts
    union all
    select * from agency_jobs
),

-- Recruitment, returns and moves in process will take seats here; no dataset brings them yet.
counted as (
    select
        together.*,
        0 as committed_seats,
        together.seats - together.holders_definitive - together.seats_taken_otherwise as free_seats
    from together
),

judged as (
    select
        counted.*,
        case
            when counted.is_touched then 'QUARANTINED_ROWS'
            when counted.is_perhaps_touched and (counted.free_seats > 0 or counted.free_seats is null) then 'HOLDER_UNPLACED'
            when counted.has_incomplete_abk then 'INCOMPLETE_ABK'
            when counted.holders_without_sub_job > 0 then 'SUB_JOB_UNPROVED'
        end as review_reason,
        case
            when not coalesce(counted.is_holders_known, false) then 'HOLDERS_UNKNOWN'
            when counted.need_rounded is null then 'NO_FINAL_ABK'
            when counted.seats is null then 'NO_ESTABLISHMENT'
        end as unknown_reason
    from counted
),

stated as (
    select
        judged.*,
        coalesce(judged.review_reason, judged.unknown_reason) as status_reason,
        case
            when judged.review_reason is not null then 'REVIEW'
            when judged.unknown_reason is not null then 'UNKNOWN'
            when judged.free_seats > 0 then 'OPEN'
            when judged.free_seats < 0 then 'OVERFILLED'
            else 'FILLED'
        end as status
    from judged
),

open_posts as (
    select
        stated.*,
        case
            when stated.status = 'OPEN' then stated.free_seats
            when stated.status in ('FILLED', 'OVERFILLED') then 0
        end as open_seats,
        stated.status not in ('REVIEW') and coalesce(stated.is_holders_known, false) as is_comparable
    from stated
)

select
    open_posts.vacancy_id,
    open_posts.scope,
    open_posts.agency_id,
    open_posts.unit_id,
    open_posts.position_id,
    open_posts.job_id,
    open_posts.sub_job_id,
    open_posts.job_name,
    open_posts.job_kind,
    open_posts.sub_job,
    open_posts.status,
    open_posts.status_reason,
    open_posts.establishment_approved,
    open_posts.need_fte,
    open_posts.need_rounded,
    open_posts.minimum_one_adds,
    open_posts.abk_year,
    today.as_of_year - open_posts.abk_year as abk_age_years,
    cast(case when open_posts.is_holders_known then open_posts.holders_definitive end as integer) as holders_definitive,
    cast(open_posts.seats_taken_otherwise as integer) as seats_taken_otherwise,
    cast(open_posts.committed_seats as integer) as committed_seats,
    cast(open_posts.acting_holders as integer) as acting_holders,
    cast(open_posts.open_seats as integer) as open_seats,
    cast(
        case
            when open_posts.is_comparable
                then {{ above_zero('open_posts.need_rounded - open_posts.holders_definitive') }}
        end as integer
    ) as vacant_vs_abk,
    cast(
        case
            when open_posts.is_comparable
                then {{ above_zero('open_posts.establishment_approved - open_posts.holders_definitive') }}
        end as integer
    ) as vacant_vs_establishment,
    case
        when open_posts.status = 'OPEN' and open_posts.departed_holders = 0 then cast(oldest.vacant_from as date)
    end as vacant_since,
    open_posts.is_declared_critical and not coalesce(
        open_posts.need_fte > rules.abk_doubtful_ratio * nullif(open_posts.holders_definitive, 0), false
    ) as is_critical,
    coalesce(
        open_posts.need_fte > rules.abk_doubtful_ratio * nullif(open_posts.holders_definitive, 0), false
    ) as has_doubtful_abk,
    today.as_of
from open_posts
cross join today
left join rules on open_posts.agency_id = rules.agency_id
left join {{ ref('int_departures') }} as oldest
    on
        open_posts.scope = 'post'
        and open_posts.agency_id = oldest.agency_id
        and open_posts.unit_id = oldest.unit_id
        and open_posts.position_id = oldest.position_id
        and open_posts.open_seats = oldest.departure_rank
