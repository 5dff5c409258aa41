{#
    The branches of a verdict that judge values: a date out of the span of a company's records is `<column>_implausible`, and a
    value that is there and does not parse is `<column>_invalid`. Every column has its value as it came beside it (macro given).

    moments: columns of timestamps or dates; others: columns that are null where their value does not parse.
#}
{% macro value_reasons(moments=[], others=[]) -%}
    {%- for column in moments %}
            when {{ is_implausible(column) }} then '{{ column }}_implausible'
    {%- endfor %}
    {%- for column in moments + others %}
            when {{ column }} is null and {{ clean_text(column ~ '_given') }} is not null then '{{ column }}_invalid'
    {%- endfor %}
{%- endmacro %}
