{# Grade of an EJ that was already rounded to two decimals; above 1.00 is overload, whatever the old name of grade A says. #}
{% macro ej_grade(ej) -%}
    case
        when {{ ej }} > ej_grade_a_above then 'A'
        when {{ ej }} >= ej_grade_b_from then 'B'
        when {{ ej }} >= ej_grade_c_from then 'C'
        when {{ ej }} >= ej_grade_d_from then 'D'
        when {{ ej }} is not null then 'E'
    end
{%- endmacro %}
