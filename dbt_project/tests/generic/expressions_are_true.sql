{# Each named expression is true for each row, NULL fails; a failing row names its rule. One query for all: dbt itself takes
   longer over a further test than DuckDB over a further condition. #}
{% test expressions_are_true(model, expressions) %}
    {% for rule, expression in expressions.items() %}
select '{{ rule }}' as broken_rule
from {{ model }}
where coalesce(not ({{ expression }}), true)
{{ "union all" if not loop.last }}
{% endfor %}
{% endtest %}
