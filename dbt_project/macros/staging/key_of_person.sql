{#
    The key of a person as it came. One that is an e-mail address is the same in any case, and never leaves as it is: key_of_email.
#}
{% macro key_of_person(key) -%}
    coalesce({{ key_of_email(normal_email(key)) }}, {{ clean_text(key) }})
{%- endmacro %}
