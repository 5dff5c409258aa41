{#
    A raw value as a date; null where it does not parse. Text is read as parse_timestamp reads it, and a timestamp gives the day
    that it names. "infinity" is a word, not a day.
#}
{% macro parse_date(value) -%}{{ return(adapter.dispatch('parse_date')(value)) }}{%- endmacro %}

{% macro default__parse_date(value) -%}
    case
        when {{ parse_timestamp(value) }} is not null
            then {{ dbt.safe_cast('substring(' ~ clean_text(value) ~ ', 1, 10)', 'date') }}
    end
{%- endmacro %}

{% macro duckdb__parse_date(value) -%}
    case
        when typeof({{ value }}) in ('DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
            then
                case
                    when isfinite(try_cast({{ value }} as timestamp)) then cast(try_cast({{ value }} as timestamp) as date)
                end
        when regexp_full_match(trim(cast({{ value }} as varchar)), '{{ iso_pattern() }}')
            then try_cast(substr(trim(cast({{ value }} as varchar)), 1, 10) as date)
    end
{%- endmacro %}

{% macro spark__parse_date(value) -%}
    case
        when {{ text_matches('trim(cast(' ~ value ~ ' as string))', text_literal('^' ~ iso_pattern() ~ '$')) }}
            then try_cast(substr(trim(cast({{ value }} as string)), 1, 10) as date)
    end
{%- endmacro %}
