{# The key of a person in one form: a key that is an e-mail address is the same in any case. #}
{% macro key_of_person(key) -%}
    case when {{ key }} like '%@%' then lower({{ key }}) else {{ key }} end
{%- endmacro %}
