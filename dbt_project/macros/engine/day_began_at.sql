{# The instant, in UTC, at which a date began in the reporting time zone; null of null. #}
{% macro day_began_at(day) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        cast({{ day }} as timestamp)
    {%- else -%}
        {{ adapter.dispatch('day_began_at')(day, var('reporting_timezone')) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__day_began_at(day, timezone) -%}
    ((cast({{ day }} as timestamp) at time zone '{{ timezone }}') at time zone 'UTC')
{%- endmacro %}

{% macro spark__day_began_at(day, timezone) -%}
    cast(to_utc_timestamp(cast({{ day }} as timestamp), '{{ timezone }}') as timestamp)
{%- endmacro %}
