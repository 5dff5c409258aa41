{# For `recompute` in a config: the changed rows of a parent that differ in these columns, and not in others alone. #}
{% macro changed_in(columns) -%}
    (select {{ columns | join(', ') }} from {changes} group by {{ columns | join(', ') }} having sum(_sign) <> 0)
{%- endmacro %}
