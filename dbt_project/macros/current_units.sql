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

met as (
    select
        given.agency_id,
        given.unit_id,
        given.{{ key | join(', given.') }},
        count(*) over (partition by given.agency_id, places.current_unit_id, given.{{ key | join(', given.') }}) as rows_of_key
    from {{ relation }} as given
    inner join places on given.agency_id = places.agency_id and given.unit_id = places.unit_id
),

clashing as (
    select distinct
        agency_id,
        unit_id,
        {{ key | join(', ') }}
    from met
    where rows_of_key > 1
)
{%- endmacro %}
