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
            select 1 from {{ ref('int_staff') }} as staff
            where staff.agency_id = agencies.agency_id
        ) as has_assignments,
        exists(
            select 1 from {{ ref('dim_position') }} as positions
            where positions.agency_id = agencies.agency_id and positions.job_id is not null
        ) as has_job_ids
    from {{ ref('stg_agencies') }} as agencies
),

holders as (
    select * from {{ ref('int_staff') }}
),

post_counts as (
    select
        agency_id,
        count(*) as post_count
    from {{ ref('dim_position') }}
    group by agency_id
),

-- Whoever declares everything critical has said nothing: an agency's declarations need a decree and count up to a share of
-- its posts, those with the widest gap first.
ranked_declarations as (
    select
        positions.agency_id,
        positions.unit_id,
        positions.position_id,
        row_number() over (
            partition by positions.agency_id
            order by
                coalesce(need.need_fte, 0) - coalesce(holders.holders_definitive, 0) desc,
                positions.unit_id asc, positions.position_id asc
        ) as gap_rank,
        rules.critical_declared_cap_pct,
        totals.post_count
    from {{ ref('dim_position') }} as positions
    inner join post_counts as totals on positions.agency_id = totals.agency_id
    left join rules on positions.agency_id = rules.agency_id
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
    where positions.is_critical and positions.has_critical_decree
),

declared as (
    select
        agency_id,
        unit_id,
        position_id
    from ranked_declarations
    where gap_rank <= ceil(post_count * critical_declared_cap_pct / 100)
),

listed as (
    select distinct
        positions.agency_id,
        positions.unit_id,
        positions.position_id
    from {{ ref('dim_position') }} as positions
    cross join today
    inner join {{ ref('dim_unit') }} as units on positions.agency_id = units.agency_id and positions.unit_id = units.unit_id
    inner join {{ ref('critical_jobs') }} as critical_jobs
        on
            (critical_jobs.agency_id is null or positions.agency_id = critical_jobs.agency_id)
            and units.unit_type = critical_jobs.unit_type
            and lower(positions.job_name) like critical_jobs.job_name_like
            and today.as_of >= critical_jobs.valid_from
            and (critical_jobs.valid_to is null or today.as_of <= critical_jobs.valid_to)
),

subjects_under_review as (
    {{ subjects_under_review() }}
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
        coalesce(need.has_volume_jump or need.has_identical_sheet, false) as has_doubtful_sheet,
        coalesce(coming.seats_in_recruitment, 0) as seats_in_recruitment,
        coalesce(coming.people_moving_in, 0) as people_moving_in,
        coming.quota_seats_unfilled,
        coming.quota_year,
        agency_facts.has_assignments as is_holders_known,
        coalesce(holders.holders_definitive, 0) as holders_definitive,
        coalesce(holders.seats_taken_otherwise, 0) as seats_taken_otherwise,
        coalesce(holders.acting_holders, 0) as acting_holders,
        coalesce(holders.departed_holders, 0) as departed_holders,
        0 as holders_without_sub_job,
        coalesce(declared.position_id is not null, false) as is_declared_critical,
        coalesce(listed.position_id is not null, false) as is_listed_critical,
        coalesce(review.is_exact, false) as is_touched,
        review.position_id is not null as is_perhaps_touched,
        -- Teachers of a subject share its need: who is missing at one level seems to leave a seat at another.
        coalesce(need.method = 'guru' and subjects.sub_job_key is not null, false) as is_subject_touched,
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
    left join {{ ref('int_seats_coming') }} as coming
        on
            positions.agency_id = coming.agency_id
            and positions.unit_id = coming.unit_id
            and positions.position_id = coming.position_id
    left join declared
        on
            positions.agency_id = declared.agency_id
            and positions.unit_id = declared.unit_id
            and positions.position_id = declared.position_id
    left join listed
        on
            positions.agency_id = listed.agency_id
            and positions.unit_id = listed.unit_id
            and positions.position_id = listed.position_id
    left join {{ ref('int_posts_under_review') }} as review
        on
            positions.agency_id = review.agency_id
            and positions.unit_id = review.unit_id
            and positions.position_id = review.position_id
    left join subjects_under_review as subjects
        on
            positions.agency_id = subjects.agency_id
            and positions.unit_id = subjects.unit_id
            and lower(positions.sub_job) = subjects.sub_job_key
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
        false as has_doubtful_sheet,
        0 as seats_in_recruitment,
        0 as people_moving_in,
        cast(null as integer) as quota_seats_unfilled,
        cast(null as integer) as quota_year,
        agency_facts.has_assignments and agency_facts.has_job_ids as is_holders_known,
        holders.holders_definitive,
        holders.seats_taken_otherwise,
        holders.acting_holders,
        0 as departed_holders,
        holders.holders_without_sub_job,
        false as is_declared_critical,
        false as is_listed_critical,
        false as is_touched,
        false as is_perhaps_touched,
        false as is_subject_touched,
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

-- Who is away with a right to come back still holds the seat, so only recruitment and moves under way are committed.
counted as (
    select
        together.*,
        together.seats_in_recruitment + together.people_moving_in as committed_seats,
        together.seats - together.holders_definitive - together.seats_taken_otherwise
        - together.seats_in_recruitment - together.people_moving_in as free_seats
    from together
),

judged as (
    select
        counted.*,
        case
            when counted.is_touched then 'QUARANTINED_ROWS'
            when counted.is_subject_touched then 'HOLDER_UNPLACED'
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
        stated.status not in ('REVIEW') and coalesce(stated.is_holders_known, false) as is_comparable,
        -- An implausible sheet makes no critical seat.
        stated.has_doubtful_sheet
        or coalesce(stated.need_fte > rules.abk_doubtful_ratio * nullif(stated.holders_definitive, 0), false)
            as has_doubtful_abk
    from stated
    left join rules on stated.agency_id = rules.agency_id
),

judged_critical as (
    select
        open_posts.*,
        case
            when open_posts.has_doubtful_abk then null
            when open_posts.is_listed_critical then 'POLICY_LIST'
            when open_posts.is_declared_critical then 'DECLARED'
            when
                open_posts.status = 'OPEN' and open_posts.scope = 'post' and open_posts.seats = 1
                and open_posts.holders_definitive = 0
                then 'SINGLE_SEAT'
        end as critical_reason
    from open_posts
)

select
    judged_critical.vacancy_id,
    judged_critical.scope,
    judged_critical.agency_id,
    judged_critical.unit_id,
    judged_critical.position_id,
    judged_critical.job_id,
    judged_critical.sub_job_id,
    judged_critical.job_name,
    judged_critical.job_kind,
    judged_critical.sub_job,
    judged_critical.status,
    judged_critical.status_reason,
    judged_critical.establishment_approved,
    judged_critical.need_fte,
    judged_critical.need_rounded,
    judged_critical.minimum_one_adds,
    judged_critical.abk_year,
    today.as_of_year - judged_critical.abk_year as abk_age_years,
    cast(case when judged_critical.is_holders_known then judged_critical.holders_definitive end as integer) as holders_definitive,
    cast(judged_critical.seats_taken_otherwise as integer) as seats_taken_otherwise,
    cast(judged_critical.committed_seats as integer) as committed_seats,
    cast(judged_critical.acting_holders as integer) as acting_holders,
    cast(judged_critical.departed_holders as integer) as departed_holders,
    cast(judged_critical.open_seats as integer) as open_seats,
    cast(
        case
            when judged_critical.is_comparable
                then {{ above_zero('judged_critical.need_rounded - judged_critical.holders_definitive') }}
        end as integer
    ) as vacant_vs_abk,
    cast(
        case
            when judged_critical.is_comparable
                then {{ above_zero('judged_critical.establishment_approved - judged_critical.holders_definitive') }}
        end as integer
    ) as vacant_vs_establishment,
    cast(judged_critical.quota_seats_unfilled as integer) as quota_seats_unfilled,
    judged_critical.quota_year,
    -- What a move away would open: the seat that falls free, where the post has no more people than seats.
    cast(
        case
            when judged_critical.open_seats is null or judged_critical.scope <> 'post' then null
            when judged_critical.holders_definitive = 0 then 0
            else least(greatest(judged_critical.free_seats + 1, 0), 1)
        end as integer
    ) as opened_by_a_move,
    case
        when judged_critical.status = 'OPEN' and judged_critical.departed_holders = 0 then cast(oldest.vacant_from as date)
    end as vacant_since,
    judged_critical.critical_reason is not null as is_critical,
    judged_critical.critical_reason,
    judged_critical.has_doubtful_abk,
    today.as_of
from judged_critical
cross join today
left join {{ ref('int_departures') }} as oldest
    on
        judged_critical.scope = 'post'
        and judged_critical.agency_id = oldest.agency_id
        and judged_critical.unit_id = oldest.unit_id
        and judged_critical.position_id = oldest.position_id
        and judged_critical.open_seats = oldest.departure_rank
