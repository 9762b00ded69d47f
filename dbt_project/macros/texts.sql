{# Texts of a group in one text, in an order of their own. #}
{% macro joined(expression, order) -%}
    string_agg({{ expression }}, ' ' order by {{ order }})
{%- endmacro %}
