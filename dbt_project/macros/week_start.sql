{# The Monday of the ISO 8601 week of a date; null of null. #}
{% macro week_start(day) -%}
    {{ add_days(day, '1 - ' ~ iso_weekday(day)) }}
{%- endmacro %}
