{# The calendar day of a UTC timestamp in the reporting time zone. #}
{% macro local_date(timestamp_utc) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        cast({{ timestamp_utc }} as date)
    {%- else -%}
        {{ adapter.dispatch('local_date')(timestamp_utc, var('reporting_timezone')) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__local_date(timestamp_utc, timezone) -%}
    cast(({{ timestamp_utc }} at time zone 'UTC') at time zone '{{ timezone }}' as date)
{%- endmacro %}

{% macro spark__local_date(timestamp_utc, timezone) -%}
    cast(from_utc_timestamp({{ timestamp_utc }}, '{{ timezone }}') as date)
{%- endmacro %}
