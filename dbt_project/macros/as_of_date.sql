{# The date as of which every window is cut. The only reading of a clock in the models, and only where no date was given. #}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date") or run_started_at.strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}
