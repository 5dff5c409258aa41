{# The domain of an e-mail address in its normal form. #}
{% macro email_domain(email) -%}regexp_replace({{ email }}, '^.*@', ''){%- endmacro %}
