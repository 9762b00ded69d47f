{# Turns change rows into intervals: a row lasts until the next change of its key; a deletion ends it and is itself left out.
   `valid_to` is the day on which the row no longer holds; NULL while it holds. Expects columns valid_from and change, and the
   agency first in the key. What stands since an agency's first day has no next change: keys of later days alone are put in order. #}
{% macro intervals(changes, key) -%}
first_days as (
    select
        agency_id,
        min(valid_from) as first_day
    from {{ changes }}
    group by agency_id
),

later as (
    select distinct {{ changes }}.{{ key | join(', ' ~ changes ~ '.') }}
    from {{ changes }}
    inner join first_days on {{ changes }}.agency_id = first_days.agency_id
    where {{ changes }}.valid_from > first_days.first_day
),

intervals as (
    select
        {{ changes }}.*,
        lead({{ changes }}.valid_from) over (
            partition by {{ changes }}.{{ key | join(', ' ~ changes ~ '.') }} order by {{ changes }}.valid_from
        ) as valid_to
    from {{ changes }}
    inner join later on {{ same_key(changes, 'later', key) }}
    union all
    select
        {{ changes }}.*,
        cast(null as date) as valid_to
    from {{ changes }}
    left join later on {{ same_key(changes, 'later', key) }}
    where later.agency_id is null
)
{%- endmacro %}

{# Rows of two relations have the same key, of which a part may be unknown in both. #}
{% macro same_key(one, other, key) -%}
    {% for column in key -%}
        {{ one }}.{{ column }} is not distinct from {{ other }}.{{ column }}{{ " and " if not loop.last }}
    {%- endfor %}
{%- endmacro %}
