{# The day comes from the environment in nightly builds: a changed variable would make dbt parse the whole project again. #}
{% set chosen_day = var('as_of') or env_var('MUTASI_AS_OF', '') %}
with newest as (
    select max(as_of) as newest_day
    from {{ ref('stg_agencies') }}
),

chosen as (
    select coalesce(try_cast(nullif('{{ chosen_day }}', '') as date), newest_day) as as_of
    from newest
)

select
    as_of,
    cast(extract(year from as_of) as integer) as as_of_year
from chosen
