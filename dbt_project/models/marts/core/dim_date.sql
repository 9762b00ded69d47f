with days as (
    {{ days_between("(select make_date(as_of_year - 10, 1, 1) from " ~ ref('int_as_of') ~ ")",
                    "(select make_date(as_of_year + 6, 12, 31) from " ~ ref('int_as_of') ~ ")") }}
),

numbered as (
    select
        date_day,
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(quarter from date_day) as integer) as quarter_number,
        cast(extract(month from date_day) as integer) as month_number,
        cast(extract(isodow from date_day) as integer) as weekday_number,
        strftime(date_day, '%G-W%V') as iso_week
    from days
)

select
    numbered.date_day,
    numbered.year_number,
    numbered.quarter_number,
    numbered.month_number,
    months.part_name as month_name,
    numbered.iso_week,
    numbered.weekday_number,
    weekdays.part_name as weekday_name,
    numbered.weekday_number >= 6 as is_weekend,
    numbered.date_day = today.as_of as is_as_of
from numbered
cross join {{ ref('int_as_of') }} as today
left join {{ ref('calendar_names') }} as months on months.part = 'month' and numbered.month_number = months.part_number
left join {{ ref('calendar_names') }} as weekdays
    on weekdays.part = 'weekday' and numbered.weekday_number = weekdays.part_number
