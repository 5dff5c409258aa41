{# How many whole times a whole number goes into another, cut off towards zero, as % has it: a = b * whole_quotient(a, b) + a % b. #}
{% macro whole_quotient(a, b) -%}{{ return(adapter.dispatch('whole_quotient')(a, b)) }}{%- endmacro %}

{# Exact where a quotient of whole numbers is whole or a decimal. #}
{% macro default__whole_quotient(a, b) -%}cast(({{ a }} - {{ a }} % {{ b }}) / {{ b }} as {{ dbt.type_bigint() }}){%- endmacro %}

{% macro duckdb__whole_quotient(a, b) -%}({{ a }} // {{ b }}){%- endmacro %}

{% macro spark__whole_quotient(a, b) -%}({{ a }} div {{ b }}){%- endmacro %}

{# Of a whole multiple the quotient is whole; the operator would be taken for one that rounds. #}
{% macro snowflake__whole_quotient(a, b) -%}cast(div0({{ a }} - {{ a }} % {{ b }}, {{ b }}) as bigint){%- endmacro %}

{% macro bigquery__whole_quotient(a, b) -%}div({{ a }}, {{ b }}){%- endmacro %}
