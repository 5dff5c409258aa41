{# An e-mail address in one form, without surrounding blanks and in lower case; null where the value is no address. #}
{% macro normal_email(value) -%}
    case when {{ clean_text(value) }} like '%_@_%' then lower({{ clean_text(value) }}) end
{%- endmacro %}
