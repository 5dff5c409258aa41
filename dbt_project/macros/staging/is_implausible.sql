{#
    Whether a date or timestamp lies outside of [earliest_date, as-of date + 50 years], or names a year of more than four digits or
    before Christ. Never null. Expects the value as it came beside it (macro given).
#}
{% macro is_implausible(moment) -%}
    case
        when {{ moment }} is not null
            then cast({{ moment }} as date) < cast('{{ var("earliest_date") }}' as date)
                or cast({{ moment }} as date) > {{ add_months(as_of_date(), 600) }}
        else coalesce({{ text_matches(
            'cast(' ~ moment ~ '_given as ' ~ dbt.type_string() ~ ')',
            text_literal('^\\s*[+-]?\\d{5,}-\\d|^\\s*-\\d{4}-\\d|\\(BC\\)')
        ) }}, false)
    end
{%- endmacro %}
