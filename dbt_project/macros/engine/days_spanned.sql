{#
    One row for each day from one date to another, both included: for a select list, of which the relation selected from is
    followed by join_days_spanned() of the same dates. No row where either is null.
#}
{% macro days_spanned(first_day, last_day) -%}{{ return(adapter.dispatch('days_spanned')(first_day, last_day)) }}{%- endmacro %}

{% macro bigquery__days_spanned(first_day, last_day) -%}spanned_day{%- endmacro %}

{% macro snowflake__days_spanned(first_day, last_day) -%}dateadd(day, cast(spanned_days.value as integer), {{ first_day }}){%- endmacro %}

{% macro duckdb__days_spanned(first_day, last_day) -%}
    cast(unnest(range({{ first_day }}, {{ add_days(last_day, 1) }}, to_days(1))) as date)
{%- endmacro %}

{# A sequence that runs backwards would be filled backwards. #}
{% macro spark__days_spanned(first_day, last_day) -%}
    explode(case when {{ first_day }} <= {{ last_day }} then sequence({{ first_day }}, {{ last_day }}, interval 1 day) end)
{%- endmacro %}
