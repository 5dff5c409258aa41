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

{# A cast alone would take "2026" and "2026-01" for days, and whatever follows a blank or a T for a time. #}
{% macro spark__parse_date(value) -%}
    {%- set pattern = '^\\d{4,}-\\d{1,2}-\\d{1,2}([ T]\\d{1,2}:\\d{1,2}(:\\d{1,2}([.]\\d+)?)?(Z|[+-]\\d{2}(:?\\d{2})?)?)?$' -%}
    case
        when {{ text_matches('cast(' ~ value ~ ' as string)', text_literal(pattern)) }}
            and {{ parse_timestamp(value) }} is not null
            then try_cast({{ value }} as date)
    end
{%- endmacro %}
