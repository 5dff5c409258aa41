{# For `recompute`, of a table that is built whole when its raw rows change: all that another as-of date alone does to it. #}
{% macro judged_by_date(unit, moments) -%}
    {{ return({'unit': unit, 'follow': {'as_of': rows_beyond_the_plausible(unit, moments)}}) }}
{%- endmacro %}
