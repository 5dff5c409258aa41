{# What days_spanned() of the same dates reads, where an engine cannot multiply rows in a select list: for a from clause. #}
{% macro join_days_spanned(first_day, last_day) -%}
    {{ return(adapter.dispatch('join_days_spanned')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__join_days_spanned(first_day, last_day) -%}{%- endmacro %}

{% macro bigquery__join_days_spanned(first_day, last_day) -%}
    cross join unnest(generate_date_array({{ first_day }}, {{ last_day }})) as spanned_day
{%- endmacro %}

{% macro snowflake__join_days_spanned(first_day, last_day) -%}
    cross join lateral flatten(
        input => array_generate_range(0, datediff(day, {{ first_day }}, {{ last_day }}) + 1)
    ) as spanned_days
{%- endmacro %}
