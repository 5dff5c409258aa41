{#
    A raw value as a timestamp in UTC; null where it does not parse. An offset in the text is honoured, and text without
    one is UTC. Dates and timestamps pass as they are. "infinity" is a word, not a time.
#}
{% macro parse_timestamp(value) -%}{{ return(adapter.dispatch('parse_timestamp')(value)) }}{%- endmacro %}

{#
    A cast to timestamp would drop the offset in silence; the session's time zone is UTC (profiles.yml). The second try reads
    a time without seconds before an offset ("10:00Z"), which ISO 8601 allows and the engine does not.
#}
{% macro duckdb__parse_timestamp(value) -%}
    {%- set parsed -%}
        coalesce(
            try_cast({{ value }} as timestamptz),
            try_cast(
                regexp_replace(
                    cast({{ value }} as varchar), '^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)([Z+-].*)$', '\1:00\2'
                ) as timestamptz
            )
        )
    {%- endset -%}
    (case when isfinite({{ parsed }}) then {{ parsed }} end at time zone 'UTC')
{%- endmacro %}
