{# A condition of a join with stg_crm__account_keys: the key stands for its account on a day; a day that is not known is any old one. #}
{% macro account_key_holds(keys, key, day) -%}
    {{ key }} = {{ keys }}.account_key
            and coalesce({{ day }}, date '1900-01-01') >= {{ keys }}.valid_from
            and coalesce({{ day }}, date '1900-01-01') < {{ keys }}.valid_to
{%- endmacro %}
