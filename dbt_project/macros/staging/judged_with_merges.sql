{#
    As judged_by_date, for a table that follows merges: another as-of date may change what is accepted, and with it who survives
    the merges that lead there.
#}
{% macro judged_with_merges(unit, moments) -%}
    {%- set beyond = rows_beyond_the_plausible(unit, moments) -%}
    {{ return({'unit': unit, 'follow': {
        'as_of': beyond ~ ' union all select ' ~ unit
            ~ ' from {this} where merge_status is not null and exists (' ~ beyond ~ ')',
    }}) }}
{%- endmacro %}
