-- depends_on: {{ ref('dim_agency') }}, {{ ref('dim_unit') }}, {{ ref('dim_position') }}, {{ ref('dim_date') }}
-- depends_on: {{ ref('unit_workload') }}, {{ ref('position_workload') }}, {{ ref('vacancies') }}
-- depends_on: {{ ref('check_results') }}, {{ ref('quarantine_summary') }}, {{ ref('runs') }}
-- depends_on: {{ ref('agency_data_quality') }}, {{ ref('data_quality_indicators') }}, {{ ref('dataset_freshness') }}
-- depends_on: {{ ref('unit_orphans') }}, {{ ref('transfer_plan') }}
-- depends_on: {{ ref('teacher_workload') }}, {{ ref('workload_trend') }}, {{ ref('temporary_duty') }}
-- depends_on: {{ ref('place_summary') }}, {{ ref('vacant_seats') }}, {{ ref('vacancy_forecast') }}
-- depends_on: {{ ref('workforce_profile') }}, {{ ref('service_metrics') }}, {{ ref('unit_type_summary') }}
select
    table_schema,
    table_name,
    column_name
from information_schema.columns
where
    table_schema in ('marts', 'quality')
    and list_contains({{ var('forbidden_columns') }}, column_name)
