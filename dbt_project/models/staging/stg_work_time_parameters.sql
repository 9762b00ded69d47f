{# Read by one model only, so nothing is stored. #}
{{ config(materialized='view') }}
select
    rows_sent.agency_id,
    lower(rows_sent.cadre) as cadre_key,
    rows_sent.unit_type,
    try_cast(rows_sent.year as integer) as first_year,
    -- A decree goes before the days: the step from 1,113 hours to 1,200 is a decision, not arithmetic.
    coalesce(
        try_cast(rows_sent.available_hours as double),
        (
            try_cast(rows_sent.working_days as double)
            - coalesce(try_cast(rows_sent.annual_leave_days as double), 0)
            - coalesce(try_cast(rows_sent.public_holiday_days as double), 0)
            - coalesce(try_cast(rows_sent.sick_days as double), 0)
            - coalesce(try_cast(rows_sent.training_days as double), 0)
            - coalesce(try_cast(rows_sent.other_absence_days as double), 0)
        ) * try_cast(rows_sent.hours_per_day as double)
    ) as available_hours
from {{ source('inputs', 'work_time_parameters') }} as rows_sent
