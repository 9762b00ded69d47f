{# All promises of a seed in one query. Those of models stand in meta.promises and are held to by promises_hold.sql. #}
{% test holds(model, keys=[], filled=[], references=[], rules={}) %}
-- noqa: disable=LT02
{{ broken_promises(model, keys, filled, references, rules) }}
{% endtest %}
