{# What months_spanned() of the same dates reads, where an engine cannot multiply rows in a select list: for a from clause. #}
{% macro join_months_spanned(first_day, last_day) -%}
    {{ return(adapter.dispatch('join_months_spanned')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__join_months_spanned(first_day, last_day) -%}{%- endmacro %}

{% macro bigquery__join_months_spanned(first_day, last_day) -%}
    cross join unnest(generate_date_array(
        date_trunc({{ first_day }}, month), date_trunc({{ last_day }}, month), interval 1 month
    )) as spanned_month
{%- endmacro %}

{% macro snowflake__join_months_spanned(first_day, last_day) -%}
    cross join lateral flatten(
        input => array_generate_range(0, datediff(month, {{ first_day }}, {{ last_day }}) + 1)
    ) as spanned_months
{%- endmacro %}
