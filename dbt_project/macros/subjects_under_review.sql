{# Subjects of a school one of whose posts may have a holder whom nobody could place. #}
{% macro subjects_under_review() -%}
    select distinct
        positions.agency_id,
        positions.unit_id,
        lower(positions.sub_job) as sub_job_key
    from {{ ref('dim_position') }} as positions
    inner join {{ ref('int_posts_under_review') }} as review
        on
            positions.agency_id = review.agency_id
            and positions.unit_id = review.unit_id
            and positions.position_id = review.position_id
{%- endmacro %}
