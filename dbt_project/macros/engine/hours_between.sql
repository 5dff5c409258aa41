{# Hours from one timestamp to another, as a 64-bit number; null where either is null, negative where the second is earlier. #}
{% macro hours_between(first_at, second_at) -%}{{ return(adapter.dispatch('hours_between')(first_at, second_at)) }}{%- endmacro %}

{% macro duckdb__hours_between(first_at, second_at) -%}
    (epoch_us({{ second_at }}) - epoch_us({{ first_at }})) / 3600000000e0
{%- endmacro %}

{% macro spark__hours_between(first_at, second_at) -%}
    ((unix_micros(cast({{ second_at }} as timestamp_ltz)) - unix_micros(cast({{ first_at }} as timestamp_ltz))) / 3600000000e0)
{%- endmacro %}
