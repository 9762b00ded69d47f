{# The columns hold exactly these rows; each that is missing or too many fails. #}
{% test has_rows(model, columns, rows) %}
    
with wanted as (
    {% for row in rows -%}
        select {% for value in row %}'{{ value }}' as {{ columns[loop.index0] }}{{ ", " if not loop.last }}{% endfor %}
        {{ "union all" if not loop.last }}
    {% endfor -%}
),

found as (
    {# 12.50 and 12.5 are one number, written twice. -#}
    select
        {% for column in columns -%}
            rtrim(regexp_replace(cast({{ column }} as varchar), '(\.[0-9]*?)0+$', '\1'), '.') as {{ column }}
            {{- "," if not loop.last }}
        {% endfor %}
    from {{ model }}
)

select * from (select * from found except all select * from wanted) as too_many
union all
select * from (select * from wanted except all select * from found) as missing
{% endtest %}
