{# The earlier of two dates of which the second may be null. Engines differ on what least() makes of a null. #}
{% macro least_date(day, other_day) -%}
    case when {{ other_day }} < {{ day }} then {{ other_day }} else {{ day }} end
{%- endmacro %}
