{# A text as a literal of the engine, whatever quotes and backslashes are in it. #}
{% macro text_literal(text) -%}{{ return(adapter.dispatch('text_literal')(text)) }}{%- endmacro %}

{% macro default__text_literal(text) -%}'{{ text | replace("'", "''") }}'{%- endmacro %}

{# A backslash escapes what follows it here. #}
{% macro bigquery__text_literal(text) -%}'{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'{%- endmacro %}

{% macro snowflake__text_literal(text) -%}{{ bigquery__text_literal(text) }}{%- endmacro %}

{# A backslash escapes what follows it here. #}
{% macro spark__text_literal(text) -%}'{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'{%- endmacro %}
