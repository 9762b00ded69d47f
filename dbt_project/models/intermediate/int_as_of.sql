{# The day comes from the environment in nightly builds, and is asked for when the model runs: what is known when dbt reads the
   project, as a variable is, makes it read the project anew when it changes. #}
{% set chosen_day = var('as_of') or (env_var('MUTASI_AS_OF', '') if execute else '') %}
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
