{#
    For `follow` of a `recompute`: the units whose plausibility another as-of date may change, that is those that were set aside
    for a date too late, and those whose dates lie beyond what an earlier as-of date allows.
#}
{% macro rows_beyond_the_plausible(unit, moments) -%}
    select {{ unit }} from {this} where quarantine_reason like '%implausible'
    {%- for moment in moments %}
        or cast({{ moment }} as date) > {{ add_months("least(date '{before}', date '{now}')", 600) }}
    {%- endfor %}
{%- endmacro %}
