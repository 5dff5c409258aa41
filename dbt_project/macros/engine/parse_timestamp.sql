{#
    A raw value as a timestamp in UTC; null where it does not parse. An offset in the text is honoured, and text without
    one is UTC. Dates and timestamps pass as they are. "infinity" is a word, not a time.
#}
{% macro parse_timestamp(value) -%}{{ return(adapter.dispatch('parse_timestamp')(value)) }}{%- endmacro %}

{#
    The text is brought into one shape, a time with seconds and an offset, before it is cast: engines differ on what they
    make of the shorter ones.
#}
{% macro bigquery__parse_timestamp(value) -%}safe_cast({{ _whole_timestamp(value) }} as timestamp){%- endmacro %}

{% macro snowflake__parse_timestamp(value) -%}
    cast(convert_timezone('UTC', try_to_timestamp_tz({{ _whole_timestamp(value) }})) as timestamp_ntz)
{%- endmacro %}

{# A raw value as text such as 2026-01-31T10:00:00+00:00; what is no date stays as it is. #}
{% macro _whole_timestamp(value) -%}
    {%- set shapes = [
        ('^(\\d{4}-\\d\\d-\\d\\d)$', '\\1T00:00:00'),
        ('^(\\d{4}-\\d\\d-\\d\\d)[ T](\\d\\d:\\d\\d)([Z+-].*)?$', '\\1T\\2:00\\3'),
        ('^(\\d{4}-\\d\\d-\\d\\d)[ T](\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?)$', '\\1T\\2+00:00'),
    ] -%}
    {%- set whole = namespace(sql=clean_text(value)) -%}
    {%- for shape, replacement in shapes -%}
        {%- set whole.sql = (
            'regexp_replace(' ~ whole.sql ~ ', ' ~ text_literal(shape) ~ ', ' ~ text_literal(replacement) ~ ')'
        ) -%}
    {%- endfor -%}
    {{ whole.sql }}
{%- endmacro %}

{#
    A cast of text to timestamp would drop the offset in silence; the session's time zone is UTC (profiles.yml). The second
    try reads a time without seconds before an offset ("10:00Z"), which ISO 8601 allows and the engine does not. The way
    through microseconds gives the same as `at time zone 'UTC'` in a fraction of its time, and null for infinity.
#}
{% macro duckdb__parse_timestamp(value) -%}
    make_timestamp(
        case
            when typeof({{ value }}) in ('DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
                then epoch_us(try_cast({{ value }} as timestamp))
            else epoch_us(
                coalesce(
                    try_cast({{ value }} as timestamptz),
                    try_cast(
                        regexp_replace(
                            cast({{ value }} as varchar), '^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)([Z+-].*)$', '\1:00\2'
                        ) as timestamptz
                    )
                )
            )
        end
    )
{%- endmacro %}

{#
    The session's time zone is UTC here too. A cast alone would take "2026" for a day and "10:00" for a time of today, would
    not mind blanks, and does not read a time without seconds before an offset either.
#}
{% macro spark__parse_timestamp(value) -%}
    {%- set text = 'cast(' ~ value ~ ' as string)' -%}
    case
        when {{ text_matches(text, text_literal('^\\d{4,}-\\d{1,2}-\\d{1,2}(.*\\S)?$')) }}
            then cast(
                coalesce(
                    try_cast({{ value }} as timestamp_ltz),
                    try_cast(
                        regexp_replace(
                            {{ text }},
                            {{ text_literal('^(\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d)([Z+-].*)$') }},
                            '$1:00$2'
                        ) as timestamp_ltz
                    )
                ) as timestamp_ntz
            )
    end
{%- endmacro %}
