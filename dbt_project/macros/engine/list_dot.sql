{# The sum of the products of two lists of 64-bit numbers, item by item and in their order; as long as each other, no nulls. #}
{% macro list_dot(first, second) -%}{{ return(adapter.dispatch('list_dot')(first, second)) }}{%- endmacro %}

{% macro duckdb__list_dot(first, second) -%}list_dot_product({{ first }}, {{ second }}){%- endmacro %}

{% macro spark__list_dot(first, second) -%}
    aggregate(zip_with({{ first }}, {{ second }}, (a, b) -> a * b), 0d, (total, product) -> total + product)
{%- endmacro %}
