{# A raw value as money, decimal(20, 4): below 10^16; null where it does not parse. #}
{% macro parse_money(value) -%}{{ return(adapter.dispatch('parse_money')(value)) }}{%- endmacro %}

{% macro default__parse_money(value) -%}{{ parse_decimal(value, 20, 4) }}{%- endmacro %}

{# Text is read into 64 bits a hundred times as fast as into 128, which only the largest amounts need. #}
{% macro duckdb__parse_money(value) -%}
    cast(coalesce(try_cast({{ value }} as decimal(18, 4)), try_cast({{ value }} as decimal(20, 4))) as decimal(20, 4))
{%- endmacro %}

{% macro spark__parse_money(value) -%}try_cast({{ value }} as decimal(20, 4)){%- endmacro %}
