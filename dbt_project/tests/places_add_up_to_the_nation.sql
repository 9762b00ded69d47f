-- Agencies add up to the nation, methods to all methods, and no city or province shows more than there is.
with totals as (
    select
        scope,
        method,
        sum(posts) as posts,
        sum(shortage_fte) as shortage_fte,
        sum(surplus_fte) as surplus_fte,
        sum(open_seats) as open_seats
    from {{ ref('place_summary') }}
    group by scope, method
),

nation as (
    select * from totals
    where scope = 'nation'
),

by_method as (
    select
        sum(case when method = 'all' then posts else -posts end) as posts,
        sum(case when method = 'all' then shortage_fte else -shortage_fte end) as shortage_fte,
        sum(case when method = 'all' then open_seats else -open_seats end) as open_seats
    from nation
)

select nation.method
from nation
inner join totals on nation.method = totals.method and totals.scope in ('agency', 'province', 'city')
where
    (totals.scope = 'agency' and nation.posts <> totals.posts)
    or nation.posts < totals.posts
    or (
        totals.scope = 'agency'
        and (
            abs(coalesce(nation.shortage_fte, 0) - coalesce(totals.shortage_fte, 0)) > 0.000001
            or abs(coalesce(nation.surplus_fte, 0) - coalesce(totals.surplus_fte, 0)) > 0.000001
        )
    )
union all
select 'all' as method
from by_method
where posts <> 0 or abs(coalesce(shortage_fte, 0)) > 0.000001 or coalesce(open_seats, 0) <> 0
