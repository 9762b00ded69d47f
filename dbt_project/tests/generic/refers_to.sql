{# Each combination of the columns that is filled exists in the other relation under the same names. #}
{% test refers_to(model, to, columns) %}
select child.{{ columns | join(', child.') }}
from {{ model }} as child
left join {{ to }} as parent
    on {% for column in columns %}child.{{ column }} = parent.{{ column }}{{ " and " if not loop.last }}{% endfor %}
where
    parent.{{ columns[0] }} is null
    {% for column in columns %} and child.{{ column }} is not null{% endfor %}
{% endtest %}
