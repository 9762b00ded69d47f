{# The build database is new every night and read by nobody while dbt writes it. So a relation is created under its own name;
   the copy beside it, the renames and the catalogue look-ups of the stock materializations would cost half the night. #}
{% materialization table, adapter="duckdb" %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        {{ create_table_as(False, target_relation, compiled_code) }}
    {%- endcall %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb" %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        {{ create_view_as(target_relation, compiled_code) }}
    {%- endcall %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Only models with an enforced contract keep their descriptions in the database, so the described columns are there. #}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {% for column_name, column in column_dict.items() %}
        comment on column {{ relation }}.{{ adapter.quote(column_name) }} is {{ duckdb_escape_comment(column['description']) }};
    {% endfor %}
{% endmacro %}
