{# The sum of the products of two lists of 64-bit numbers, item by item and in their order; as long as each other, no nulls. #}
{% macro list_dot(first, second) -%}{{ return(adapter.dispatch('list_dot')(first, second)) }}{%- endmacro %}

{# The engine promises no order of the sum. #}
{% macro bigquery__list_dot(first, second) -%}
    (
        select sum(entry.item * {{ second }}[offset(place)].item)
        from unnest({{ first }}) as entry with offset as place
    )
{%- endmacro %}

{% macro snowflake__list_dot(first, second) -%}
    reduce(
        arrays_zip({{ first }}, {{ second }}),
        0::float,
        (total, pair) -> total + get(pair, '$1')::float * get(pair, '$2')::float
    )
{%- endmacro %}

{% macro duckdb__list_dot(first, second) -%}list_dot_product({{ first }}, {{ second }}){%- endmacro %}

{% macro spark__list_dot(first, second) -%}
    aggregate(zip_with({{ first }}, {{ second }}, (a, b) -> a * b), 0d, (total, product) -> total + product)
{%- endmacro %}
