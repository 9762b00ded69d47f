{# The build database is new every night and read by nobody while dbt writes it. So a relation is created under its own name and
   in one statement with its descriptions; the copy beside it, the renames, the transaction and the catalogue look-ups of the
   stock materializations, each a statement of its own, would cost half the night. Where an earlier build of the same project left
   its tables without rows (MUTASI_GROUNDWORK), they are filled: contracts were held against the same queries then. #}
{% materialization table, adapter="duckdb" %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set is_agreed = config.get('contract').enforced -%}
    {%- set is_laid = env_var('MUTASI_GROUNDWORK', '') != '' -%}
    {%- if is_agreed and not is_laid %}{% do refuse_other_columns(compiled_code) %}{% endif -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main', auto_begin=False) -%}
        {% if not is_laid -%}
            create or replace table {{ target_relation }} ({{ written_columns(compiled_code) }});
        {%- endif %}
        insert into {{ target_relation }} by name ({{ compiled_code }});
        {%- if is_agreed and not is_laid -%}
            {{ descriptions(target_relation) }}
        {%- endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization view, adapter="duckdb" %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main', auto_begin=False) -%}
        create or replace view {{ target_relation }} as ({{ compiled_code }});
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The columns of a table, as described or else as the query gives them. Compression finds next to nothing in texts of which each
   person has another, and to look for it is the dearest part of writing them: they are written as they are. #}
{% macro written_columns(sql) %}
    {%- set unlike = ['person_id', 'pseudonym', 'nip', 'employee_name'] -%}
    {%- set columns = {} -%}
    {%- if config.get('contract').enforced -%}
        {%- set described = adapter.render_raw_columns_constraints(raw_columns=model.columns) -%}
        {%- do columns.update(zip(model.columns, described)) -%}
    {%- else -%}
        {%- for column in get_column_schema_from_query(sql) -%}
            {%- do columns.update({column.name: '"' ~ column.name ~ '" ' ~ column.dtype}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set written = [] -%}
    {%- for name, column in columns.items() -%}
        {%- do written.append(column ~ (" using compression uncompressed" if name in unlike else "")) -%}
    {%- endfor -%}
    {{- return(written | join(", ")) -}}
{% endmacro %}

{# The contract: the query gives the described columns and no others, each of the described type. The stock check asks the
   database twice. #}
{% macro refuse_other_columns(sql) %}
    {%- set found = {} -%}
    {%- for column in get_column_schema_from_query(sql) %}{% do found.update({column.name: column.dtype | upper}) %}{% endfor -%}
    {%- set agreed = {} -%}
    {%- for name, column in model.columns.items() -%}
        {%- do agreed.update({name: column.data_type | upper | replace(' ', '')}) -%}
    {%- endfor -%}
    {%- if found != agreed -%}
        {%- set told = [] -%}
        {%- for name in (found.keys() | list + agreed.keys() | list) | unique if found.get(name) != agreed.get(name) -%}
            {%- do told.append(name ~ " is " ~ found.get(name, "missing") ~ ", described as " ~ agreed.get(name, "nothing")) -%}
        {%- endfor -%}
        {%- do exceptions.raise_compiler_error("The contract of " ~ model.name ~ " is broken: " ~ told | join("; ") ~ ".") -%}
    {%- endif -%}
{% endmacro %}

{% macro descriptions(relation) %}
    {%- set comments = ["comment on table " ~ relation ~ " is " ~ duckdb_escape_comment(model.description)] -%}
    {%- for name, column in model.columns.items() -%}
        {%- set text = duckdb_escape_comment(column.description) -%}
        {%- do comments.append("comment on column " ~ relation ~ '."' ~ name ~ '" is ' ~ text) -%}
    {%- endfor -%}
{{- comments | join("; ") }};
{% endmacro %}
