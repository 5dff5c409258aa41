{# A raw value as money, decimal(18, 4); null where it does not parse. #}
{% macro parse_money(value) -%}{{ return(adapter.dispatch('parse_money')(value)) }}{%- endmacro %}

{% macro duckdb__parse_money(value) -%}try_cast({{ value }} as decimal(18, 4)){%- endmacro %}

{% macro spark__parse_money(value) -%}try_cast({{ value }} as decimal(18, 4)){%- endmacro %}
