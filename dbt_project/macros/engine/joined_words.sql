{# Texts as one with blanks between; nulls are left out, and of nulls alone it is empty. #}
{% macro joined_words(texts) -%}{{ return(adapter.dispatch('joined_words')(texts)) }}{%- endmacro %}

{% macro default__joined_words(texts) -%}concat_ws(' ', {{ texts | join(', ') }}){%- endmacro %}

{% macro bigquery__joined_words(texts) -%}array_to_string([{{ texts | join(', ') }}], ' '){%- endmacro %}

{# concat_ws would give null where any of them is null. #}
{% macro snowflake__joined_words(texts) -%}
    array_to_string(array_construct_compact({{ texts | join(', ') }}), ' ')
{%- endmacro %}
