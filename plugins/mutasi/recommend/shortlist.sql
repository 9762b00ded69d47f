-- Open posts of officials: never proposed by the plan, but three ranked names each, for the Tim Penilai Kinerja to weigh. Who could
-- come: the same kind of job (horizontal), the kind below (vertical), and a functional job of equal rank (diagonal). Fit is that of
-- every other pair, and the same rules bind; what is not yet certain stands beside each name.
-- Run after the plan that admits people under review; `published_moves(person_id)` are those whom the plan moves already.
create or replace temp table official_pairs as
select
    0 as block_no,
    persons.person_no,
    posts.post_no,
    '' as review_rules,
    case
        when persons.job_kind = posts.job_kind then 'horizontal'
        when persons.job_kind = 'jf' then 'diagonal'
        else 'vertical'
    end as way
from posts
inner join persons
    on
        posts.agency_id = persons.agency_id
        and posts.post_id <> persons.home_post_id
        and (
            persons.job_kind = posts.job_kind
            or (posts.job_kind = 'administrator' and (persons.job_kind = 'pengawas' or persons.job_level = 'madya'))
            or (posts.job_kind = 'pengawas' and (persons.job_kind = 'pelaksana' or persons.job_level = 'muda'))
        )
anti join published_moves on persons.person_id = published_moves.person_id
left join couples on persons.person_no = couples.person_no
where
    posts.job_kind in ('administrator', 'pengawas')
    and posts.open_seats > 0
    and couples.person_no is null
    and coalesce(persons.golongan_order >= posts.golongan_min_order, posts.golongan_min_order is null)
    and coalesce(persons.golongan_order <= posts.golongan_max_order, true)
    and coalesce(persons.education_order >= posts.education_order, posts.education_order is null)
    and coalesce(persons.job_class <= posts.job_class, true);

create or replace view lawful_pairs as select block_no, person_no, post_no, review_rules from official_pairs;

create or replace temp table out_three_names as
with ranked as (
    select
        pairs.person_no,
        pairs.post_no,
        pairs.fit,
        official_pairs.way,
        row_number() over (partition by pairs.post_no order by pairs.fit desc, pairs.effort, pairs.person_no) as place
    from scored_pairs as pairs
    inner join official_pairs on pairs.person_no = official_pairs.person_no and pairs.post_no = official_pairs.post_no
    qualify place <= 3
),

items as (
    select rule_code, arg_max(missing_item, valid_from) as item
    from transfer_rules
    group by rule_code
),

asked as (
    select
        ranked.person_no,
        ranked.post_no,
        unnest(list_filter(string_split(persons.review_rules, ' '), lambda code: code <> '')) as rule_code
    from ranked
    inner join persons on ranked.person_no = persons.person_no
),

missing as (
    select asked.person_no, asked.post_no, string_agg(distinct items.item, '; ' order by items.item) as missing_items
    from asked
    inner join items on asked.rule_code = items.rule_code
    group by asked.person_no, asked.post_no
)

select
    posts.post_id,
    posts.agency_id,
    ranked.place,
    persons.person_id,
    ranked.way,
    ranked.fit as fit_points,
    persons.review_rules,
    -- A move up or across asks for the same weighing as the post itself, whatever the person's own rules say.
    coalesce(missing.missing_items, '') as missing_items
from ranked
inner join posts on ranked.post_no = posts.post_no
inner join persons on ranked.person_no = persons.person_no
left join missing on ranked.person_no = missing.person_no and ranked.post_no = missing.post_no
order by posts.post_id, ranked.place;
