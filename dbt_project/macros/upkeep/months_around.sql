{#
    For `touched_when`: that a row is of one of the months which lie so many months from a touched unit, itself the first day of a
    period. The months are worked out once for each unit, and not for each row.
#}
{% macro months_around(month_start, offsets) -%}
    {{ month_start }} in (
        {%- for n_months in offsets %}
        select {{ add_months('unit', n_months) }} from {units} as touched{{ ' union all' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
