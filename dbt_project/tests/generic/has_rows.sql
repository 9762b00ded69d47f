{# The columns hold exactly these rows; each that is missing or too many fails. 12.50 and 12.5 are one number, written twice. #}
{% test has_rows(model, columns, rows) %}
    {% set texts %}
        {% for column in columns -%}
            rtrim(regexp_replace(cast({{ column }} as varchar), '(\.[0-9]*?)0+$', '\1'), '.')
            {{- " || '|' || " if not loop.last }}
        {% endfor %}
    {% endset %}
    {% set counted = "select " ~ texts ~ " as content from " ~ model %}
    {% for row in rows %}
select '{{ row | join("|") }}' as broken_row
where (select count(*) from ({{ counted }}) as found where content = '{{ row | join("|") }}') <> 1
{{ "union all" }}
    {% endfor %}
select 'other rows' as broken_row
where (select count(*) from {{ model }}) <> {{ rows | length }}
{% endtest %}
