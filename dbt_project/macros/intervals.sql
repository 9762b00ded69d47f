{# Turns change rows into intervals: a row lasts until the next change of its key; a deletion ends it and is itself left out.
   `valid_to` is the day on which the row no longer holds; NULL while it holds. Expects columns valid_from and change. #}
{% macro intervals(changes, key) -%}
intervals as (
    select
        {{ changes }}.*,
        lead(valid_from) over (partition by {{ key | join(', ') }} order by valid_from) as valid_to
    from {{ changes }}
)
{%- endmacro %}
