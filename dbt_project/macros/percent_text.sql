{# A share of 0 to 1 as a text such as "46.7 %". #}
{% macro percent_text(share) -%}
    concat(cast(cast(100e0 * ({{ share }}) as {{ decimal_type(9, 1) }}) as {{ dbt.type_string() }}), ' %')
{%- endmacro %}
