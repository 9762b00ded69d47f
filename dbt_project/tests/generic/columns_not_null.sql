{# One query for all columns that may not be NULL: a test per column costs a build more than the check itself. #}
{% test columns_not_null(model, columns) %}
select 1 as failing_row
from {{ model }}
where {% for column in columns %}{{ column }} is null{{ " or " if not loop.last }}{% endfor %}
{% endtest %}
