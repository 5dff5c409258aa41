{# How many whole times a whole number goes into another, cut off towards zero, as % has it: a = b * whole_quotient(a, b) + a % b. #}
{% macro whole_quotient(a, b) -%}{{ return(adapter.dispatch('whole_quotient')(a, b)) }}{%- endmacro %}

{# Exact where a quotient of whole numbers is whole or a decimal. #}
{% macro default__whole_quotient(a, b) -%}cast(({{ a }} - {{ a }} % {{ b }}) / {{ b }} as {{ dbt.type_bigint() }}){%- endmacro %}

{% macro duckdb__whole_quotient(a, b) -%}({{ a }} // {{ b }}){%- endmacro %}

{% macro spark__whole_quotient(a, b) -%}({{ a }} div {{ b }}){%- endmacro %}

{# A quotient of whole numbers is rounded here; one of 64-bit numbers is exact for a multiple below 2^53. #}
{% macro snowflake__whole_quotient(a, b) -%}cast(1e0 * ({{ a }} - {{ a }} % {{ b }}) / {{ b }} as bigint){%- endmacro %}

{% macro bigquery__whole_quotient(a, b) -%}div({{ a }}, {{ b }}){%- endmacro %}
