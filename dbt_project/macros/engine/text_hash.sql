{# A text in an order that has nothing to do with it, the same on every engine and on every day; null of null. #}
{% macro text_hash(text) -%}{{ return(adapter.dispatch('text_hash')(text)) }}{%- endmacro %}

{% macro default__text_hash(text) -%}md5({{ text }}){%- endmacro %}

{% macro bigquery__text_hash(text) -%}to_hex(md5({{ text }})){%- endmacro %}
