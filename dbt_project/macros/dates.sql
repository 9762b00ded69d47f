{# Calendar of days from a first to a last day, both included. #}
{% macro days_between(first_day, last_day) -%}
    select cast(day_value as date) as date_day
    from unnest(generate_series(cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval '1 day')) as days (day_value)
{%- endmacro %}

{# Day that a file describes, from its folder `YYYY-MM-DD/`. #}
{% macro day_of_folder(filename) -%}
    try_cast(nullif(regexp_extract({{ filename }}, '/(\d{4}-\d{2}-\d{2})/[^/]+$', 1), '') as date)
{%- endmacro %}

{% macro day_after(day) -%}
    cast({{ day }} + 1 as date)
{%- endmacro %}

{# Whole days from one date to another. #}
{% macro days_from(first_day, last_day) -%}
    ({{ last_day }} - {{ first_day }})
{%- endmacro %}
