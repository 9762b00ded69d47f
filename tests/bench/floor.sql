-- The floor: one plain script that reads what the agencies sent (Parquet under canonical names) and writes the three marts.
-- It checks nothing, keeps no history and no archive, hides no one and describes nothing; that is what a night costs more.
-- Expects the variables `folders` (one per agency), `seeds` (folder of the rules) and `as_of`, and the table
-- `agencies` (agency_id, bkn_code).
create macro sent(dataset) as table
    select distinct split_part(filename, '/', -2) as agency_id, * exclude (filename)
    from read_parquet(list_transform(getvariable('folders'), lambda f: f || '/' || dataset || '.parquet'), filename = true);

create macro seed(file) as table select * from read_csv(getvariable('seeds') || '/' || file || '.csv', header = true);

create temp table rules as
select rule_code, any_value(try_cast(value as double)) as value
from read_csv(getvariable('seeds') || '/rules.csv', header = true, all_varchar = true)
where cast(valid_from as date) <= getvariable('as_of') and (valid_to is null or cast(valid_to as date) >= getvariable('as_of'))
group by rule_code;
create macro rule(code) as (select value from rules where rule_code = code);

create temp table posts as from sent('positions');

create temp table people as
select
    e.agency_id,
    e.nip,
    coalesce(s.is_active_employee, true) as is_active,
    coalesce(s.is_present and s.is_active_employee, true) as is_at_work,
    case when p.is_part_time then rule('pppk_part_time_fte') else 1 end as full_share
from sent('employees') as e
left join read_csv(getvariable('seeds') || '/legal_statuses.csv', types = {'legal_status_code': 'varchar'}) as s
    using (legal_status_code)
left join seed('employment_statuses') as p using (employment_status);

create temp table assigned as
select a.*, k.* exclude (assignment_type, valid_from, source)
from sent('assignments') as a
join seed('assignment_types') as k using (assignment_type)
where a.valid_from <= getvariable('as_of');

-- One row per person, post and kind of duty that lasts on the day.
create temp table duties as
with lasting as (
    select
        a.agency_id, a.nip, a.unit_id, a.position_id, a.is_definitive, a.is_acting, a.takes_seat, a.is_main_duty,
        p.is_active, p.is_at_work,
        coalesce(a.work_agency_code <> g.bkn_code, false) as is_elsewhere,
        least(greatest(coalesce(a.fte, p.full_share), 0), 1) as share,
        bool_or(a.is_main_duty) over person as has_main,
        bool_or(a.work_agency_code <> g.bkn_code) over person as is_out,
        row_number() over (person order by a.duty_order, a.valid_from desc, a.unit_id, a.position_id) as duty_rank
    from assigned as a
    join people as p using (agency_id, nip)
    join agencies as g using (agency_id)
    where a.valid_to is null or a.valid_to >= getvariable('as_of')
    window person as (partition by a.agency_id, a.nip)
    qualify row_number() over (
        partition by a.agency_id, a.nip, a.unit_id, a.position_id, a.assignment_type order by a.valid_from desc
    ) = 1
),

claimed as (
    select
        *,
        case when is_at_work and not coalesce(is_out, false) and (is_main_duty or (not has_main and duty_rank = 1)) then share else 0 end
            as claim
    from lasting
)

select
    *,
    round(cast(claim / greatest(sum(claim) over (partition by agency_id, nip), 1) as decimal(28, 6)), 4) as present_fte,
    is_active and is_definitive and not is_elsewhere as is_holder,
    is_active and takes_seat and not is_definitive and not is_elsewhere as is_other,
    is_active and is_acting and not is_elsewhere as is_acting_here,
    not is_active and is_definitive as is_departed
from claimed;

-- Need by the newest final sheet: ABK, or WISN with its allowances. The generated agencies send no classes and no working-time
-- parameters, and nobody is under way.
create temp table need as
with tasks as (
    select *, coalesce(method, 'abk') as by_method, coalesce(activity_class, 'service') as class
    from sent('workloads')
    where status = 'final' and "year" <= year(getvariable('as_of')) and needed_from is null and needed_to is null
    qualify "year" = max("year") over (partition by agency_id, unit_id, position_id)
),

totals as (
    select
        agency_id, unit_id, position_id, any_value(by_method) as method, any_value("year") as abk_year,
        sum(cast(case when class = 'service' then volume * case coalesce(volume_period, 'year')
            when 'year' then rule('abk_period_factor_year') when 'month' then rule('abk_period_factor_month')
            when 'week' then rule('abk_period_factor_week') when 'day' then rule('abk_period_factor_day')
        end * minutes_per_unit end as decimal(28, 10))) as minutes,
        coalesce(sum(allowance_pct) filter (where class = 'category'), 0) as category_pct,
        60 * coalesce(sum(allowance_hours) filter (where class = 'individual'), 0) as individual_minutes,
        60 * rule('wisn_available_hours') as own_minutes
    from tasks
    group by all
)

select *, cast(round(cast(need_fte as decimal(28, 6))) as integer) as need_rounded
from (
    select
        agency_id, unit_id, position_id, method, abk_year,
        cast(cast(case method
            when 'abk' then minutes / rule('abk_effective_minutes')
            when 'wisn' then minutes / own_minutes / (1 - category_pct / 100) + individual_minutes / own_minutes
        end as decimal(28, 10)) as double) as need_fte
    from totals
);

create temp table departures as
select
    a.agency_id, a.unit_id, a.position_id,
    max(cast(a.valid_to + 1 as date)) as vacant_from,
    row_number() over (
        partition by a.agency_id, a.unit_id, a.position_id order by max(a.valid_to) desc, a.valid_from desc
    ) as departure_rank
from assigned as a
anti join (from duties where is_holder) as h using (agency_id, nip, unit_id, position_id)
where a.is_definitive and a.valid_to < getvariable('as_of')
group by a.agency_id, a.unit_id, a.position_id, a.nip, a.valid_from;

create schema out.marts;

create table out.marts.position_workload as
with staff as (
    select agency_id, unit_id, position_id, cast(sum(present_fte) as double) as staff_fte from duties group by all
),

others as (
    select agency_id, unit_id, position_id, cast(sum(headcount) as integer) as staff_non_asn from sent('non_asn_counts') group by all
),

measured as (
    select
        agency_id, unit_id, position_id, p.job_name, p.job_kind, n.method, n.need_fte, n.need_rounded, n.abk_year,
        coalesce(s.staff_fte, 0) as staff_fte,
        coalesce(o.staff_non_asn, 0) as staff_non_asn
    from posts as p
    full join need as n using (agency_id, unit_id, position_id)
    full join (from staff where staff_fte > 0) as s using (agency_id, unit_id, position_id)
    full join others as o using (agency_id, unit_id, position_id)
)

select
    *,
    need_fte / nullif(staff_fte, 0) as pressure,
    need_fte / nullif(staff_fte + staff_non_asn, 0) as pressure_with_non_asn,
    case when need_fte is not null then greatest(need_fte - staff_fte, 0) end as shortage_fte,
    case when need_fte is not null then greatest(staff_fte - need_fte, 0) end as surplus_fte,
    case when need_fte is not null then greatest(need_fte - staff_fte - staff_non_asn, 0) end as shortage_with_non_asn_fte,
    case when method = 'abk' then cast(round(cast(need_fte / nullif(staff_fte, 0) as decimal(28, 6)), 2) as double) end as ej,
    year(getvariable('as_of')) - abk_year as abk_age_years
from measured
order by agency_id, unit_id, position_id;

create table out.marts.unit_workload as
with totals as (
    select
        agency_id, unit_id,
        cast(sum(cast(need_fte as decimal(28, 10))) as double) as need_fte,
        cast(sum(cast(staff_fte as decimal(28, 10))) as double) as staff_fte,
        cast(sum(cast(staff_fte as decimal(28, 10))) filter (where need_fte is not null) as double) as staff_of_known_need_fte,
        sum(staff_non_asn) as staff_non_asn,
        cast(sum(cast(shortage_fte as decimal(28, 10))) as double) as shortage_fte,
        cast(sum(cast(surplus_fte as decimal(28, 10))) as double) as surplus_fte,
        min(abk_year) as abk_year,
        bool_or(method <> 'abk') as has_other_methods,
        count(*) as position_count,
        count(*) - count(need_fte) as positions_without_abk
    from out.marts.position_workload
    group by all
)

select
    u.agency_id, u.unit_id, u.unit_name,
    t.* exclude (agency_id, unit_id, has_other_methods)
        replace (coalesce(staff_fte, 0) as staff_fte, coalesce(staff_non_asn, 0) as staff_non_asn, coalesce(position_count, 0) as position_count),
    t.need_fte / nullif(t.staff_of_known_need_fte, 0) as pressure,
    case when not coalesce(t.has_other_methods, false)
        then cast(round(cast(t.need_fte / nullif(t.staff_of_known_need_fte, 0) as decimal(28, 6)), 2) as double) end as ej,
    coalesce(t.need_fte >= rule('ranking_minimum_need_fte'), false) as is_ranked
from (select distinct agency_id, unit_id, unit_name from sent('units')) as u
left join totals as t using (agency_id, unit_id)
order by u.agency_id, u.unit_id;

create table out.marts.vacancies as
with per_person as (
    select
        agency_id, unit_id, position_id, nip, bool_or(is_holder) as holder, bool_or(is_other) as other,
        bool_or(is_acting_here) as acting, bool_or(is_departed) as departed
    from duties
    group by all
),

holders as (
    select
        agency_id, unit_id, position_id,
        count(*) filter (where holder) as holders_definitive,
        count(*) filter (where other and not holder) as seats_taken_otherwise,
        count(*) filter (where acting) as acting_holders,
        count(*) filter (where departed) as departed_holders
    from per_person
    group by all
),

counted as (
    select
        p.agency_id, p.unit_id, p.position_id, p.job_id, p.job_name, p.job_kind, p.establishment_approved, p.is_critical,
        n.need_fte, n.need_rounded, n.abk_year,
        coalesce(h.holders_definitive, 0) as holders_definitive,
        coalesce(h.seats_taken_otherwise, 0) as seats_taken_otherwise,
        coalesce(h.acting_holders, 0) as acting_holders,
        coalesce(h.departed_holders, 0) as departed_holders,
        case when n.need_rounded is not null and p.establishment_approved is not null
            then least(n.need_rounded, p.establishment_approved) end as seats,
        seats - coalesce(h.holders_definitive, 0) - coalesce(h.seats_taken_otherwise, 0) as free_seats,
        case when free_seats is not null then greatest(free_seats, 0) end as open_seats
    from posts as p
    left join need as n using (agency_id, unit_id, position_id)
    left join holders as h using (agency_id, unit_id, position_id)
)

select
    c.*,
    case when free_seats is null then 'UNKNOWN' when free_seats > 0 then 'OPEN' when free_seats < 0 then 'OVERFILLED' else 'FILLED' end
        as status,
    case when free_seats > 0 and departed_holders = 0 then d.vacant_from end as vacant_since,
    getvariable('as_of') as as_of
from counted as c
left join departures as d
    on c.agency_id = d.agency_id and c.unit_id = d.unit_id and c.position_id = d.position_id and c.free_seats = d.departure_rank
order by c.agency_id, c.unit_id, c.position_id;
