{# Aggregate: the texts of a group as one, by ascending `position` (never null, no ties), with a delimiter (SQL) between; nulls do not count. #}
{% macro joined_text(text, delimiter, position) -%}
    {{ return(adapter.dispatch('joined_text')(text, delimiter, position)) }}
{%- endmacro %}

{% macro bigquery__joined_text(text, delimiter, position) -%}
    string_agg({{ text }}, {{ delimiter }} order by {{ position }})
{%- endmacro %}

{# Of nothing it would make an empty text. #}
{% macro snowflake__joined_text(text, delimiter, position) -%}
    nullif(listagg({{ text }}, {{ delimiter }}) within group (order by {{ position }}), '')
{%- endmacro %}

{% macro duckdb__joined_text(text, delimiter, position) -%}
    string_agg({{ text }}, {{ delimiter }} order by {{ position }})
{%- endmacro %}

{# Of no texts this would make an empty one. #}
{% macro spark__joined_text(text, delimiter, position) -%}
    case
        when count({{ text }}) > 0
            then array_join(
                transform(
                    array_sort(collect_list(struct({{ position }} as position, {{ text }} as text))), pair -> pair.text
                ),
                {{ delimiter }}
            )
    end
{%- endmacro %}
