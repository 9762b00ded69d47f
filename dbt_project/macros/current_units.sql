{# CTEs `places` and `clashing`: rows that a reorganisation would make into one row stay under the units that they name.
   `key` holds the columns that tell rows of one unit apart. #}
{% macro clashing(relation, key) -%}
places as (
    select
        agency_id,
        unit_id,
        current_unit_id
    from {{ ref('stg_current_units') }}
    union
    select
        agency_id,
        current_unit_id as unit_id,
        current_unit_id
    from {{ ref('stg_current_units') }}
),

clashing as (
    select
        {{ relation }}.agency_id,
        places.current_unit_id,
        {{ relation }}.{{ key | join(', ' ~ relation ~ '.') }}
    from {{ relation }}
    inner join places on {{ relation }}.agency_id = places.agency_id and {{ relation }}.unit_id = places.unit_id
    group by all
    having count(*) > 1
)
{%- endmacro %}
