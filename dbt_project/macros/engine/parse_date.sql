{#
    A raw value as a date; null where it does not parse. A timestamp gives the day that it names. "infinity" is a word, not
    a day.
#}
{% macro parse_date(value) -%}{{ return(adapter.dispatch('parse_date')(value)) }}{%- endmacro %}

{% macro default__parse_date(value) -%}
    case
        when {{ parse_timestamp(value) }} is not null
            then {{ dbt.safe_cast('substring(' ~ clean_text(value) ~ ', 1, 10)', 'date') }}
    end
{%- endmacro %}

{% macro duckdb__parse_date(value) -%}
    cast(
        case when isfinite(try_cast({{ value }} as timestamp)) then try_cast({{ value }} as timestamp) end as date
    )
{%- endmacro %}

{# A cast alone would take "2026" and "2026-01" for days, and anything after a blank or a T for a time. #}
{% macro spark__parse_date(value) -%}
    case
        when try_cast(cast({{ value }} as string) as timestamp_ntz) is not null
            and {{ text_matches('cast(' ~ value ~ ' as string)', text_literal('^\\s*\\d{4,}-\\d{1,2}-\\d{1,2}')) }}
            then try_cast({{ value }} as date)
    end
{%- endmacro %}
