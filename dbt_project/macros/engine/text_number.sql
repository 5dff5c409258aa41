{#
    A whole number of 64 bits in place of a text, by which millions of rows are grouped and sorted faster; of the same text the
    same number in every night. That no two texts have one is for a test to see.
#}
{% macro text_number(text) -%}{{ return(adapter.dispatch('text_number')(text)) }}{%- endmacro %}

{% macro duckdb__text_number(text) -%}cast(hash({{ text }}) >> 1 as bigint){%- endmacro %}

{% macro spark__text_number(text) -%}xxhash64({{ text }}){%- endmacro %}

{% macro snowflake__text_number(text) -%}hash({{ text }}){%- endmacro %}

{% macro bigquery__text_number(text) -%}farm_fingerprint({{ text }}){%- endmacro %}
