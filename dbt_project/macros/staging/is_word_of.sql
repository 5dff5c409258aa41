{# Whether a number or word is one of several that stand in one text, parted by blanks; 11.0 is 11. False where there are none. #}
{% macro is_word_of(text, words) -%}
    case
        when {{ words }} is null or {{ text }} is null then false
        else {{ dbt.position(
            "concat(' ', lower(regexp_replace(" ~ text ~ ", '[.]0+$', '')), ' ')", "concat(' ', lower(" ~ words ~ "), ' ')"
        ) }} > 0
    end
{%- endmacro %}
