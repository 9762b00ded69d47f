-- depends_on: {{ ref('dim_agency') }}, {{ ref('dim_unit') }}, {{ ref('dim_position') }}, {{ ref('dim_date') }}
-- depends_on: {{ ref('unit_workload') }}, {{ ref('position_workload') }}, {{ ref('vacancies') }}
-- depends_on: {{ ref('check_results') }}, {{ ref('quarantine_summary') }}, {{ ref('runs') }}
select
    table_schema,
    table_name,
    column_name
from information_schema.columns
where
    table_schema in ('marts', 'quality')
    and column_name in ({% for column in var('forbidden_columns') %}'{{ column }}'{{ ", " if not loop.last }}{% endfor %})
