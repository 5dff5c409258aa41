{# Raw values as they came, each beside what it is cast to, so that one that does not parse is told from one that is not there. #}
{% macro given(columns) -%}
    {%- for column in columns %}
        {{ column }} as {{ column }}_given{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
