-- What the models promise beside their descriptions (meta.promises), in one query: dbt itself takes longer over a further test
-- than DuckDB over a further condition.
-- noqa: disable=LT02
{% set promising = [
    'agency_data_quality',
    'check_results',
    'data_quality_indicators',
    'dataset_freshness',
    'dim_agency',
    'dim_date',
    'dim_position',
    'dim_unit',
    'employees',
    'place_summary',
    'position_workload',
    'post_forecast',
    'post_match',
    'quarantine_summary',
    'runs',
    'service_metrics',
    'teacher_workload',
    'temporary_duty',
    'transfer_plan',
    'unit_orphans',
    'unit_type_summary',
    'unit_workload',
    'vacancies',
    'vacancy_forecast',
    'vacant_seats',
    'workforce_profile',
    'workload_trend'
] %}
{%- set broken = [] -%}
{%- for name in promising -%}
    {%- set relation = ref(name) -%}
    {%- for model in graph.nodes.values() if execute and model.resource_type == 'model' and model.name == name -%}
        {%- set promises = model.config.meta.promises -%}
        {%- set references = [] -%}
        {%- for known in promises.get('references', []) -%}
            {%- do references.append({'to': ref(known.to), 'columns': known.columns}) -%}
        {%- endfor -%}
        {%- do broken.append(
            broken_promises(relation, promises.get('keys', []), promises.get('filled', []), references, promises.get('rules', {}))
        ) -%}
    {%- endfor -%}
{%- endfor %}
{{ broken | join('\nunion all\n') }}
