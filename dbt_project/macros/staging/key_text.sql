{# The key of a raw row as one text, its columns parted by a blank; null where all of them are missing. #}
{% macro key_text(key, alias) -%}
    {%- if key | length == 1 -%}
        {{ clean_text(alias ~ '.' ~ key[0]) }}
    {%- else -%}
        nullif(concat_ws(' ',
        {%- for column in key %} {{ clean_text(alias ~ '.' ~ column) }}{{ ',' if not loop.last }}{% endfor -%}
        ), '')
    {%- endif -%}
{%- endmacro %}
