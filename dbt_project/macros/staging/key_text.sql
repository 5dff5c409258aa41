{# The key of a raw row as one text, its columns parted by a blank; null where all of them are missing. #}
{% macro key_text(key, alias) -%}
    {%- if key | length == 1 -%}
        {{ clean_text(alias ~ '.' ~ key[0]) }}
    {%- else -%}
        {%- set texts = [] -%}
        {%- for column in key -%}
            {%- do texts.append(clean_text(alias ~ '.' ~ column)) -%}
        {%- endfor -%}
        nullif({{ joined_words(texts) }}, '')
    {%- endif -%}
{%- endmacro %}
