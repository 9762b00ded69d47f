{# The expression is true for each row; NULL fails, so say `… is null or …` where the unknown is allowed. #}
{% test expression_is_true(model, expression) %}
select 1 as failing_row
from {{ model }}
where coalesce(not ({{ expression }}), true)
{% endtest %}
