{# A type as a contract or a seed names it, in the engine's word. #}
{% macro engine_type(data_type) -%}{{ return(adapter.dispatch('engine_type')(data_type)) }}{%- endmacro %}

{% macro default__engine_type(data_type) -%}{{ return(data_type) }}{%- endmacro %}

{# A varchar has a length here. #}
{% macro spark__engine_type(data_type) -%}
    {{ return('string' if data_type | lower == 'varchar' else data_type) }}
{%- endmacro %}
