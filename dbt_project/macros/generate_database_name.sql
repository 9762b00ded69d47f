{# DuckDB writes what readers get into files of their own, which the plugin attaches under these names. #}
{% macro generate_database_name(custom_database_name, node) -%}
    {{ custom_database_name if custom_database_name and target.type == 'duckdb' else target.database }}
{%- endmacro %}
