{#
    A raw value as a timestamp in UTC; null where it does not parse. Text is read as ISO 8601 with a four-digit year, and as
    nothing else: an engine's own cast would take "1/9/21" for a day of the year 1 and "10:00" for a time of today. An offset in the
    text is honoured; text without one is of raw_timezone. Dates and timestamps pass as they are. "infinity" is a word.
#}
{% macro parse_timestamp(value) -%}{{ return(adapter.dispatch('parse_timestamp')(value)) }}{%- endmacro %}

{# What text must look like to be a date or a timestamp. #}
{% macro iso_pattern() -%}
    {{ return('\\d{4}-(0[1-9]|1[0-2])-[0-3]\\d([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d([.]\\d+)?)?(Z|[+-](0\\d|1[0-4])(:?[0-5]\\d)?)?)?') }}
{%- endmacro %}

{#
    The text is brought into one shape, a time with seconds and an offset, before it is cast: engines differ on what they
    make of the shorter ones.
#}
{% macro bigquery__parse_timestamp(value) -%}safe_cast({{ _whole_timestamp(value) }} as timestamp){%- endmacro %}

{% macro snowflake__parse_timestamp(value) -%}
    cast(convert_timezone('UTC', try_to_timestamp_tz({{ _whole_timestamp(value) }})) as timestamp_ntz)
{%- endmacro %}

{# A raw value as text such as 2026-01-31T10:00:00+00:00; null where it is no date. #}
{% macro _whole_timestamp(value) -%}
    {%- set offset = raw_offset() -%}
    {%- set shapes = [
        ('^(\\d{4}-\\d\\d-\\d\\d)$', '\\1T00:00:00' ~ offset),
        ('^(\\d{4}-\\d\\d-\\d\\d)[ T](\\d\\d:\\d\\d)([Z+-].*)?$', '\\1T\\2:00\\3'),
        ('^(\\d{4}-\\d\\d-\\d\\d)[ T](\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?)$', '\\1T\\2' ~ offset),
    ] -%}
    {%- set whole = namespace(sql=clean_text(value)) -%}
    {%- for shape, replacement in shapes -%}
        {%- set whole.sql = (
            'regexp_replace(' ~ whole.sql ~ ', ' ~ text_literal(shape) ~ ', ' ~ text_literal(replacement) ~ ')'
        ) -%}
    {%- endfor -%}
    case when {{ text_matches(clean_text(value), text_literal('^' ~ iso_pattern() ~ '$')) }} then {{ whole.sql }} end
{%- endmacro %}

{# The session's time zone is UTC (profiles.yml), and these engines are compiled for, not run: another zone is not theirs. #}
{% macro raw_offset() -%}{{ return('+00:00') }}{%- endmacro %}

{#
    A cast of text to timestamp would drop the offset in silence; the session's time zone is UTC (profiles.yml). The second
    try reads a time without seconds before an offset ("10:00Z"), which ISO 8601 allows and the engine does not. The way
    through microseconds gives the same as `at time zone 'UTC'` in a fraction of its time, and null for infinity.
#}
{% macro duckdb__parse_timestamp(value) -%}
    {%- set text = 'trim(cast(' ~ value ~ ' as varchar))' -%}
    {%- set zone = var('raw_timezone') -%}
    make_timestamp(
        case
            when typeof({{ value }}) in ('DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
                {%- if zone == 'UTC' %}
                then epoch_us(try_cast({{ value }} as timestamp))
                {%- else %}
                then epoch_us(timezone('{{ zone }}', try_cast({{ value }} as timestamp)))
            when regexp_full_match({{ text }}, '[^T ]+([T ][0-9:.]+)?')
                and regexp_full_match({{ text }}, '{{ iso_pattern() }}')
                then epoch_us(timezone('{{ zone }}', try_cast({{ text }} as timestamp)))
                {%- endif %}
            when regexp_full_match({{ text }}, '{{ iso_pattern() }}')
                then epoch_us(
                    coalesce(
                        try_cast({{ text }} as timestamptz),
                        try_cast(
                            regexp_replace(
                                {{ text }}, '^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)([Z+-].*)$', '\1:00\2'
                            ) as timestamptz
                        )
                    )
                )
        end
    )
{%- endmacro %}

{# The session's time zone is UTC here too. A time without seconds before an offset is not read here either. #}
{% macro spark__parse_timestamp(value) -%}
    {%- set text = 'trim(cast(' ~ value ~ ' as string))' -%}
    {%- set zone = var('raw_timezone') -%}
    case
        {%- if zone != 'UTC' %}
        when {{ text_matches(text, text_literal('^[^T ]+([T ][0-9:.]+)?$')) }}
            and {{ text_matches(text, text_literal('^' ~ iso_pattern() ~ '$')) }}
            then to_utc_timestamp(try_cast({{ text }} as timestamp_ntz), '{{ zone }}')
        {%- endif %}
        when {{ text_matches(text, text_literal('^' ~ iso_pattern() ~ '$')) }}
            then cast(
                coalesce(
                    try_cast({{ text }} as timestamp_ltz),
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
