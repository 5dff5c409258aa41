{# Text without surrounding blanks; null where nothing is left. #}
{% macro clean_text(value) -%}
    nullif(trim(cast({{ value }} as {{ dbt.type_string() }})), '')
{%- endmacro %}
