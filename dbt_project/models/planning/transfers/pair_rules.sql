-- For each open post and pair rule: how many eligible people pass, fail or need a review, and how many fail this rule alone.
-- Those of the agency with the same kind of job count, and those of other agencies with the same job who accept a move to
-- another one. People and posts that are alike are compared once.
{% set codes = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D8'] %}
{% set figures = ['lawful'] %}
{% for code in codes %}{% for figure in ['failed', 'passed', 'review', 'failed_alone'] -%}
    {% do figures.append(figure ~ '_' ~ code | lower) %}
{%- endfor %}{% endfor %}
with rules as (
    select
    {% for code in codes -%}
            max(case when given.rule_code = '{{ code }}' then given.on_missing end) as on_missing_{{ code | lower }}
            {{- "," if not loop.last }}
    {% endfor %}
    from {{ ref('transfer_rules') }} as given
    cross join {{ ref('int_as_of') }} as today
    where given.valid_from <= today.as_of and coalesce(given.valid_to >= today.as_of, true)
),

people as (
    select
        people.agency_id,
        people.post_id,
        people.job_kind,
        people.job_level,
        people.job_id,
        people.proved_sub_job,
        people.job_class,
        people.accepts_inter_agency,
        golongan.golongan_order,
        levels.level_order as education_order
    from {{ ref('transfer_people') }} as people
    left join {{ ref('golongan') }} as golongan on people.golongan_code = golongan.golongan_code and golongan.scheme = 'pns'
    left join {{ ref('education_levels') }} as levels on people.education_level_code = levels.education_level_code
    where people.outcome = 'ELIGIBLE'
),

posts as (
    select
        posts.post_id,
        posts.agency_id,
        posts.job_kind,
        posts.job_level,
        posts.job_id,
        posts.sub_job,
        posts.job_class,
        lowest.golongan_order as golongan_min_order,
        highest.golongan_order as golongan_max_order,
        levels.level_order as education_order
    from {{ ref('transfer_posts') }} as posts
    left join {{ ref('golongan') }} as lowest on posts.golongan_min = lowest.golongan_code and lowest.scheme = 'pns'
    left join {{ ref('golongan') }} as highest on posts.golongan_max = highest.golongan_code and highest.scheme = 'pns'
    left join {{ ref('education_levels') }} as levels on posts.min_education_code = levels.education_level_code
    where posts.open_seats > 0
),

groups as (
    select
        agency_id,
        job_kind,
        job_level,
        job_id,
        proved_sub_job,
        job_class,
        accepts_inter_agency,
        golongan_order,
        education_order,
        count(*) as headcount
    from people
    group by all
),

post_groups as (
    select
        agency_id,
        job_kind,
        job_level,
        job_id,
        sub_job,
        job_class,
        golongan_min_order,
        golongan_max_order,
        education_order,
        min(post_id) as group_id
    from posts
    group by all
),

grouped_posts as (
    select
        posts.post_id,
        post_groups.group_id
    from posts
    inner join post_groups
        on
            posts.agency_id = post_groups.agency_id
            and posts.job_kind is not distinct from post_groups.job_kind
            and posts.job_level is not distinct from post_groups.job_level
            and posts.job_id is not distinct from post_groups.job_id
            and posts.sub_job is not distinct from post_groups.sub_job
            and posts.job_class is not distinct from post_groups.job_class
            and posts.golongan_min_order is not distinct from post_groups.golongan_min_order
            and posts.golongan_max_order is not distinct from post_groups.golongan_max_order
            and posts.education_order is not distinct from post_groups.education_order
),

scope as (
    select
        agencies.agency_id,
        policy.value = 'inter_agency' as is_wide
    from {{ ref('stg_agencies') }} as agencies
    cross join {{ ref('int_as_of') }} as today
    inner join {{ ref('transfer_policy') }} as policy
        on
            agencies.agency_id = coalesce(policy.agency_id, agencies.agency_id)
            and policy.policy_code = 'scope'
    where policy.valid_from <= today.as_of and coalesce(policy.valid_to >= today.as_of, true)
    qualify
        row_number() over (partition by agencies.agency_id order by policy.agency_id asc nulls last, policy.valid_from desc) = 1
),

kinds as (
    select distinct job_kind
    from posts
    where job_kind is not null
),

-- Within one agency, or between two that both consent; and whether the law's way there is known.
ways as (
    select
        sending.agency_id as origin_agency_id,
        receiving.agency_id,
        kinds.job_kind,
        bool_or(routes.route_code is not null) as has_route
    from scope as sending
    inner join scope as receiving on sending.agency_id = receiving.agency_id or (sending.is_wide and receiving.is_wide)
    cross join kinds
    left join {{ ref('transfer_routes') }} as routes
        on
            sending.agency_id = routes.origin_agency_id
            and receiving.agency_id = routes.destination_agency_id
            and not routes.is_override
            and (routes.job_kinds = 'all' or contains(concat(' ', routes.job_kinds, ' '), concat(' ', kinds.job_kind, ' ')))
    group by sending.agency_id, receiving.agency_id, kinds.job_kind
),

found as (
    select
        post_groups.group_id,
        cast(null as varchar) as post_id,
        groups.headcount,
        {{ pair_findings('groups', 'post_groups', 'ways') }}
    from groups
    inner join post_groups on groups.agency_id = post_groups.agency_id and groups.job_kind = post_groups.job_kind
    left join ways
        on
            groups.agency_id = ways.origin_agency_id
            and post_groups.agency_id = ways.agency_id
            and post_groups.job_kind = ways.job_kind
    union all
    select
        post_groups.group_id,
        cast(null as varchar) as post_id,
        groups.headcount,
        {{ pair_findings('groups', 'post_groups', 'ways') }}
    from groups
    inner join post_groups
        on
            groups.agency_id <> post_groups.agency_id
            and groups.job_kind = post_groups.job_kind
            and groups.job_id = post_groups.job_id
    left join ways
        on
            groups.agency_id = ways.origin_agency_id
            and post_groups.agency_id = ways.agency_id
            and post_groups.job_kind = ways.job_kind
    where groups.accepts_inter_agency
    union all
    -- People already at the post are no candidates for it: they are counted with the agency and taken off again.
    select
        cast(null as varchar) as group_id,
        posts.post_id,
        -1 as headcount,
        {{ pair_findings('people', 'posts', 'ways') }}
    from people
    inner join posts on people.post_id = posts.post_id and people.job_kind = posts.job_kind
    left join ways
        on
            people.agency_id = ways.origin_agency_id
            and posts.agency_id = ways.agency_id
            and posts.job_kind = ways.job_kind
),

judged as (
    select
        found.group_id,
        found.post_id,
        found.headcount,
    {% for code in codes -%}
        {% set c = code | lower -%}
        case
            when rules.on_missing_{{ c }} is null then 'PASS'
            when found.finding_{{ c }} = 'MISSING' then rules.on_missing_{{ c }}
            else found.finding_{{ c }}
        end as outcome_{{ c }}{{ "," if not loop.last }}
    {% endfor %}
    from found
    cross join rules
),

counted as (
    select
        judged.*,
        {% for code in codes -%}
            case when outcome_{{ code | lower }} = 'FAIL' then 1 else 0 end{{ " + " if not loop.last }}
        {%- endfor %} as fails,
        {% for code in codes -%}
            case when outcome_{{ code | lower }} = 'REVIEW' then 1 else 0 end{{ " + " if not loop.last }}
        {%- endfor %} as reviews
    from judged
),

by_group as (
    select
        group_id,
        post_id,
        sum(case when fails + reviews = 0 then headcount else 0 end) as lawful,
    {% for code in codes -%}
        {% set c = code | lower -%}
        sum(case when outcome_{{ c }} = 'FAIL' then headcount else 0 end) as failed_{{ c }},
        sum(case when outcome_{{ c }} in ('PASS', 'NOT_CHECKED') then headcount else 0 end) as passed_{{ c }},
        sum(case when outcome_{{ c }} = 'REVIEW' and fails = 0 then headcount else 0 end) as review_{{ c }},
        sum(case when outcome_{{ c }} = 'FAIL' and fails = 1 then headcount else 0 end) as failed_alone_{{ c }}
        {{- "," if not loop.last }}
    {% endfor %}
    from counted
    group by group_id, post_id
),

by_post as (
    select
        grouped_posts.post_id,
    {% for figure in figures -%}
        cast(alike.{{ figure }} + coalesce(there.{{ figure }}, 0) as bigint) as {{ figure }}
        {{- "," if not loop.last }}
    {% endfor %}
    from grouped_posts
    inner join by_group as alike on grouped_posts.group_id = alike.group_id
    left join by_group as there on grouped_posts.post_id = there.post_id
)

{% for code in codes -%}
    {% set c = code | lower -%}
    select
        post_id,
        '{{ code }}' as rule_code,
        failed_{{ c }} as people_failed,
        passed_{{ c }} as people_passed,
        review_{{ c }} as people_review,
        failed_alone_{{ c }} as people_failed_alone,
        lawful as people_lawful
    from by_post
    {{ "union all" if not loop.last }}
{% endfor %}
