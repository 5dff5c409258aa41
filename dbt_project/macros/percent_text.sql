{# A share of 0 to 1 as a text such as "46.7 %"; a share of nothing is 0.0 %. #}
{% macro percent_text(share) -%}
    concat(cast(cast(100e0 * coalesce({{ share }}, 0) as {{ decimal_type(9, 1) }}) as {{ dbt.type_string() }}), ' %')
{%- endmacro %}
