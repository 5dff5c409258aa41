{#- The status of a response is a sum of marks, as a number or in words: 1 preview, 2 test, 4 imported, 8 spam, 16 offline. -#}
{%- macro mark(status, channel) -%}
    case
        when try_cast({{ status }} as integer) & 1 = 1 then 'preview'
        when try_cast({{ status }} as integer) & 2 = 2 then 'test'
        when try_cast({{ status }} as integer) & 8 = 8 then 'spam'
        when try_cast({{ status }} as integer) is not null then {{ by_channel(channel) }}
        when regexp_matches({{ status }}, '(?i)preview|vorschau|aperçu|vista previa') then 'preview'
        when regexp_matches({{ status }}, '(?i)spam') then 'spam'
        when regexp_matches({{ status }}, '(?i)\btest\b|umfragetest|prueba') then 'test'
        else {{ by_channel(channel) }}
    end
{%- endmacro -%}
{%- macro by_channel(channel) -%}
    case when lower({{ channel }}) in ('preview', 'test') then lower({{ channel }}) end
{%- endmacro -%}
