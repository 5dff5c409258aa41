{# One row for each day from one date to another, both included: for a select list. #}
{% macro days_spanned(first_day, last_day) -%}{{ return(adapter.dispatch('days_spanned')(first_day, last_day)) }}{%- endmacro %}

{% macro duckdb__days_spanned(first_day, last_day) -%}
    cast(unnest(range({{ first_day }}, {{ add_days(last_day, 1) }}, to_days(1))) as date)
{%- endmacro %}

{# A sequence that runs backwards would be filled backwards. #}
{% macro spark__days_spanned(first_day, last_day) -%}
    explode(case when {{ first_day }} <= {{ last_day }} then sequence({{ first_day }}, {{ last_day }}, interval 1 day) end)
{%- endmacro %}
