{# One number for the rows of a group: equal for groups of equal rows, in any order, and for no others that a night will meet. #}
{% macro mark_of_rows(columns) -%}
    {%- if target.type == 'spark' -%}
        sum(cast(xxhash64({{ columns | join(', ') }}) as decimal(38, 0)))
    {%- else -%}
        sum(hash({{ columns | join(', ') }}))
    {%- endif -%}
{%- endmacro %}
