{# A whole row of a relation as JSON text, whatever its columns are. #}
{% macro row_as_json(alias) -%}{{ return(adapter.dispatch('row_as_json')(alias)) }}{%- endmacro %}

{% macro duckdb__row_as_json(alias) -%}cast(to_json({{ alias }}) as varchar){%- endmacro %}

{% macro spark__row_as_json(alias) -%}to_json(struct({{ alias }}.*), map('ignoreNullFields', 'false')){%- endmacro %}
