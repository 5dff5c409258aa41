{# A table is recomputed in part while what is touched is at most so much of it; beyond that it is built whole. #}
{% macro recomputed_share() -%}
    {{ return((env_var('NPS_RECOMPUTED_SHARE', '') or 0.25) | float) }}
{%- endmacro %}
