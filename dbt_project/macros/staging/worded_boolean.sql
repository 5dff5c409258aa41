{#
    A boolean of the words that with_words found: `when_blank` where the source says nothing, and null where nobody knows the word,
    which sends the row to quarantine (value_reasons).
#}
{% macro worded_boolean(column, when_blank='null') -%}
    case
        when {{ clean_text(column ~ '_given') }} is null then {{ when_blank }}
        else {{ column }}_word = 'true'
    end
{%- endmacro %}
