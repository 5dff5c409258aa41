{# The key of a raw row, or its number where it has none: rows of one key are judged together, and one without alone. #}
{% macro key_or_row(key) -%}
    coalesce({{ key }}, cast(_row_number as {{ dbt.type_string() }}))
{%- endmacro %}
