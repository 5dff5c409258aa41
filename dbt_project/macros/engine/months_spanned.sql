{# One row for the first day of each month from that of one date to that of another: for a select list. #}
{% macro months_spanned(first_day, last_day) -%}{{ return(adapter.dispatch('months_spanned')(first_day, last_day)) }}{%- endmacro %}

{% macro duckdb__months_spanned(first_day, last_day) -%}
    cast(unnest(range(
        date_trunc('month', {{ first_day }}),
        date_trunc('month', {{ last_day }}) + to_days(1),
        to_months(1)
    )) as date)
{%- endmacro %}

{% macro spark__months_spanned(first_day, last_day) -%}
    explode(
        case
            when trunc({{ first_day }}, 'month') <= trunc({{ last_day }}, 'month')
                then sequence(trunc({{ first_day }}, 'month'), trunc({{ last_day }}, 'month'), interval 1 month)
        end
    )
{%- endmacro %}
