{#
    The whole number of a scale point that came with its label, as "10 - Extremely likely", "0 = not at all" or "10 (very likely)";
    null of any other text. A label is up to six words without a digit or a mark of a sentence: "9/10", "6.5 - fair" and "9, because
    nobody gets a 10" are no scale points.
#}
{% macro labelled_number(text) -%}
    {%- set word = '[^\\s\\d.!?;,/%()]+' -%}
    case
        when {{ text_matches(text, text_literal(
            '^\\d{1,2}\\s*([-–—:=.)]\\s*|\\(\\s*)' ~ word ~ '(\\s+' ~ word ~ '){0,5}\\s*\\)?$'
        )) }}
            then regexp_replace({{ text }}, {{ text_literal('[^0-9][\\s\\S]*$') }}, '')
    end
{%- endmacro %}
