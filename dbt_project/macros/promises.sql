{# What is broken in a relation, a row each, with the name of the promise: each of `keys` is unique (NULL equals NULL), the
   columns of `filled` have no NULL, each of `references` ({to, columns}) that is filled exists in the other relation under the
   same names, and each of the named `rules` is true for every row (NULL fails). #}
{% macro broken_promises(relation, keys=[], filled=[], references=[], rules={}) -%}
    {%- set broken = [] -%}
    {%- for columns in keys -%}
        {%- do broken.append(
            "select '" ~ relation.identifier ~ ": not unique: " ~ columns | join(', ') ~ "' as broken from (select 1 from " ~ relation
            ~ " group by " ~ columns | join(', ') ~ " having count(*) > 1) as repeated"
        ) -%}
    {%- endfor -%}
    {%- if filled -%}
        {%- do broken.append(
            "select '" ~ relation.identifier ~ ": a column is empty' as broken from " ~ relation ~ " where " ~ filled | join(' is null or ')
            ~ " is null"
        ) -%}
    {%- endif -%}
    {%- for reference in references -%}
        {%- set pairs = [] -%}
        {%- set known = [] -%}
        {%- for column in reference.columns -%}
            {%- do pairs.append("child." ~ column ~ " = parent." ~ column) -%}
            {%- do known.append("child." ~ column ~ " is not null") -%}
        {%- endfor -%}
        {%- do broken.append(
            "select '" ~ relation.identifier ~ ": not known: " ~ reference.columns | join(', ') ~ "' as broken from " ~ relation
            ~ " as child left join " ~ reference.to ~ " as parent on " ~ pairs | join(' and ') ~ " where parent."
            ~ reference.columns[0] ~ " is null and " ~ known | join(' and ')
        ) -%}
    {%- endfor -%}
    {%- for name, rule in rules.items() -%}
        {%- do broken.append(
            "select '" ~ relation.identifier ~ ": " ~ name ~ "' as broken from " ~ relation ~ " where coalesce(not (" ~ rule ~ "), true)"
        ) -%}
    {%- endfor -%}
    {{- broken | join(' union all ') -}}
{%- endmacro %}
