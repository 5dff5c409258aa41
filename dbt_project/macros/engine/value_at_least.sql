{# Aggregate: the value in the row with the least key. Rows with a null value or key do not count. #}
{% macro value_at_least(value, key) -%}{{ return(adapter.dispatch('value_at_least')(value, key)) }}{%- endmacro %}

{% macro duckdb__value_at_least(value, key) -%}arg_min({{ value }}, {{ key }}){%- endmacro %}

{% macro spark__value_at_least(value, key) -%}min_by({{ value }}, {{ key }}) filter (where {{ value }} is not null){%- endmacro %}
