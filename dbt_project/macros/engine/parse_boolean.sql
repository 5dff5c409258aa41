{# A raw value as a boolean; null where it does not parse. #}
{% macro parse_boolean(value) -%}{{ return(adapter.dispatch('parse_boolean')(value)) }}{%- endmacro %}

{% macro default__parse_boolean(value) -%}
    case lower({{ clean_text(value) }})
        {%- for word in ['true', 't', 'yes', 'y', '1'] %}
        when '{{ word }}' then true
        {%- endfor %}
        {%- for word in ['false', 'f', 'no', 'n', '0'] %}
        when '{{ word }}' then false
        {%- endfor %}
    end
{%- endmacro %}

{% macro duckdb__parse_boolean(value) -%}try_cast({{ value }} as boolean){%- endmacro %}

{# A cast alone would not mind blanks. #}
{% macro spark__parse_boolean(value) -%}
    case when {{ text_matches('cast(' ~ value ~ ' as string)', text_literal('^\\S+$')) }} then try_cast({{ value }} as boolean) end
{%- endmacro %}
