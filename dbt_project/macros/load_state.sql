{# Where a load stands against the dated limits. Work without anybody to do it is overload too; no state is praise. #}
{% macro load_state(need, staff) -%}
    case
        when {{ need }} is null or {{ staff }} is null then null
        when {{ need }} > rules.load_high_pressure * {{ staff }} then 'OVERLOAD'
        when {{ need }} < rules.load_low_pressure * {{ staff }} then 'UNDERLOAD'
        else 'BALANCED'
    end
{%- endmacro %}
