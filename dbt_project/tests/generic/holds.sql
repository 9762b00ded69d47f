{# All promises of a table in one query: dbt itself takes longer over a further test than DuckDB over a further condition. #}
{% test holds(model, keys=[], filled=[], references=[], rules={}) %}
-- noqa: disable=LT02
{{ broken_promises(model, keys, filled, references, rules) }}
{% endtest %}
