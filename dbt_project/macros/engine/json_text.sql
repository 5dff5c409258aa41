{# The value of a field of a JSON object as text, the field named by an expression; null where there is none. #}
{% macro json_text(json, field) -%}{{ return(adapter.dispatch('json_text')(json, field)) }}{%- endmacro %}

{# A path must be a literal here, so the text is searched; raw values are text. #}
{% macro bigquery__json_text(json, field) -%}
    regexp_extract({{ json }}, concat('"', {{ field }}, '":"([^"]*)"'))
{%- endmacro %}

{% macro snowflake__json_text(json, field) -%}cast(get(parse_json({{ json }}), {{ field }}) as varchar){%- endmacro %}

{% macro duckdb__json_text(json, field) -%}json_extract_string({{ json }}, concat('$.', {{ field }})){%- endmacro %}

{% macro spark__json_text(json, field) -%}get_json_object({{ json }}, concat('$.', {{ field }})){%- endmacro %}
