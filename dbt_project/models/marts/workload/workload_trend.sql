{# Need by year: each year shows the newest final sheet that was not later. Holders of past years are known only where the
history reaches back to the end of that year; what was never recorded is not made up. #}
with years as (
    select distinct
        days.year_number,
        today.as_of_year,
        -- The first year that is shown is compared with none.
        case when days.year_number > today.as_of_year - 4 then days.year_number - 1 end as year_before,
        case
            when days.year_number = today.as_of_year then today.as_of else make_date(days.year_number, 12, 31)
        end as year_end
    from {{ ref('dim_date') }} as days
    cross join {{ ref('int_as_of') }} as today
    where days.year_number between today.as_of_year - 4 and today.as_of_year
),

-- Teachers are counted by their classes in all years, so that a change of method is not read as a change of work.
needs as (
    select
        sheets.agency_id,
        sheets.unit_id,
        sheets.position_id as part,
        sheets.abk_year as first_year,
        sheets.replaced_in,
        sheets.need_fte
    from {{ ref('int_sheet_needs') }} as sheets
    inner join {{ ref('int_need') }} as chosen
        on
            sheets.agency_id = chosen.agency_id
            and sheets.unit_id = chosen.unit_id
            and sheets.position_id = chosen.position_id
            and sheets.method = chosen.method
    union all
    select
        agency_id,
        unit_id,
        sub_job_key as part,
        school_year as first_year,
        school_year + 1 as replaced_in,
        need_fte
    from {{ ref('int_teaching_need') }}
),

-- Of a unit's parts those that stand for the same years are added up before they are spread over these.
spans as (
    select
        agency_id,
        unit_id,
        first_year,
        replaced_in,
        count(need_fte) as parts_with_need,
        sum({{ exact('need_fte') }}) as need_fte
    from needs
    group by agency_id, unit_id, first_year, replaced_in
),

-- Like with like: a part is compared with itself in the year before; one whose first sheet came this year is no growth of work.
compared as (
    select
        spans.agency_id,
        spans.unit_id,
        years.year_number,
        spans.parts_with_need,
        spans.need_fte,
        case when years.year_before >= spans.first_year then spans.need_fte end as comparable_fte,
        case when years.year_before >= spans.first_year then spans.need_fte end as need_before_fte
    from spans
    inner join years
        on spans.first_year <= years.year_number and (spans.replaced_in is null or spans.replaced_in > years.year_number)
    union all
    select
        needs.agency_id,
        needs.unit_id,
        needs.first_year as year_number,
        0 as parts_with_need,
        cast(null as decimal(28, 10)) as need_fte,
        {{ exact('needs.need_fte') }} as comparable_fte,
        {{ exact('earlier.need_fte') }} as need_before_fte
    from needs
    inner join needs as earlier
        on
            needs.agency_id = earlier.agency_id
            and needs.unit_id = earlier.unit_id
            and needs.part = earlier.part
            and needs.first_year = earlier.replaced_in
    inner join years on needs.first_year = years.year_number and years.year_before is not null
    where earlier.need_fte is not null
),

need_totals as (
    select
        agency_id,
        unit_id,
        year_number,
        cast(sum(parts_with_need) as integer) as parts_with_need,
        cast(sum(need_fte) as double) as need_fte,
        cast(sum(comparable_fte) as double) as comparable_fte,
        cast(sum(need_before_fte) as double) as need_before_fte
    from compared
    group by agency_id, unit_id, year_number
),

history_begins as (
    select
        agency_id,
        min(_recorded_on) as first_day
    from {{ source('changes', 'assignments') }}
    group by agency_id
),

past_years as (
    select
        history_begins.agency_id,
        years.year_number,
        years.year_end
    from history_begins
    inner join years on history_begins.first_day <= years.year_end and years.year_number < years.as_of_year
),

past_holders as (
    select
        history.agency_id,
        history.unit_id,
        years.year_number,
        count(distinct coalesce(history.person_id, history.position_id || cast(history.assigned_from as varchar))) as holders
    from {{ ref('hist_assignments') }} as history
    inner join past_years as years
        on
            history.agency_id = years.agency_id
            and history.valid_from <= years.year_end
            and (history.valid_to is null or history.valid_to > years.year_end)
            and history.assigned_from <= years.year_end
            and (history.assigned_to is null or history.assigned_to >= years.year_end)
    inner join {{ ref('assignment_types') }} as kinds
        on history.assignment_type = kinds.assignment_type and kinds.is_definitive
    group by history.agency_id, history.unit_id, years.year_number
),

present_holders as (
    select
        agency_id,
        unit_id,
        sum(case when is_only_assignment then 1 else 0 end)
        + count(distinct case when not is_only_assignment then person_id end) as holders
    from {{ ref('int_assignments') }}
    where is_definitive_holder
    group by agency_id, unit_id
),

placed as (
    select
        units.agency_id,
        units.unit_id,
        years.year_number,
        need_totals.need_fte,
        case
            when years.year_number = years.as_of_year then coalesce(present_holders.holders, 0)
            when history_begins.first_day <= years.year_end then coalesce(past_holders.holders, 0)
        end as holders_definitive,
        need_totals.parts_with_need,
        need_totals.comparable_fte,
        need_totals.need_before_fte
    from {{ ref('dim_unit') }} as units
    cross join years
    left join need_totals
        on
            units.agency_id = need_totals.agency_id
            and units.unit_id = need_totals.unit_id
            and years.year_number = need_totals.year_number
    left join history_begins on units.agency_id = history_begins.agency_id
    left join past_holders
        on
            units.agency_id = past_holders.agency_id
            and units.unit_id = past_holders.unit_id
            and years.year_number = past_holders.year_number
    left join present_holders on units.agency_id = present_holders.agency_id and units.unit_id = present_holders.unit_id
)

select
    placed.agency_id,
    placed.unit_id,
    placed.year_number as "year",
    placed.need_fte,
    placed.parts_with_need,
    cast({{ exact(ratio('100.0 * (placed.comparable_fte - placed.need_before_fte)', 'placed.need_before_fte')) }} as double)
        as need_change_pct,
    cast(placed.holders_definitive as integer) as holders_definitive,
    {{ ratio('placed.need_fte', 'placed.holders_definitive') }} as need_per_holder,
    case
        when placed.holders_definitive is null then 'BEFORE_HISTORY'
        when placed.need_fte is null then 'NO_ABK'
        when placed.holders_definitive = 0 then 'NO_STAFF'
    end as ratio_reason,
    today.as_of
from placed
cross join {{ ref('int_as_of') }} as today
where placed.need_fte is not null or placed.holders_definitive > 0
