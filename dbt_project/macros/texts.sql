{# Texts of a group in one text, in an order of their own. #}
{% macro joined(expression, order) -%}
    {%- if target.type == 'spark' -%}
        listagg({{ expression }}, ' ') within group (order by {{ order }})
    {%- else -%}
        string_agg({{ expression }}, ' ' order by {{ order }})
    {%- endif -%}
{%- endmacro %}
