{# What stands before the domain of an e-mail address in its normal form, without a +tag. #}
{% macro email_mailbox(email) -%}regexp_replace({{ email }}, {{ text_literal('[+@].*$') }}, ''){%- endmacro %}
