{# The key of whoever has an e-mail address in its normal form, without the address itself; null of null. #}
{% macro key_of_email(email) -%}
    'email ' || {{ text_hash(email) }}
{%- endmacro %}
