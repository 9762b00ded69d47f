{# Sums of doubles depend on the order in which rows arrive; sums of exact numbers do not, so two builds agree to the bit. #}
{% macro exact(expression) -%}
    cast({{ expression }} as decimal(28, 10))
{%- endmacro %}

{# Half is rounded up, as printed ABK sheets do; the exact type keeps 2.5 from becoming 2.4999999. #}
{% macro round_half_up(expression, digits=0) -%}
    round(cast({{ expression }} as decimal(28, 6)), {{ digits }})
{%- endmacro %}

{# NULL when either side is NULL or the divisor is zero: a unit without staff has no ratio. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# The part above zero; unknown stays unknown, which `greatest` would turn into 0 on some engines. #}
{% macro above_zero(expression) -%}
    case when {{ expression }} > 0 then {{ expression }} when {{ expression }} <= 0 then 0 end
{%- endmacro %}
