{#
    Whether what is of some days (NPS_BACKFILL_FROM, NPS_BACKFILL_TO) is computed again, though nothing of it has changed. Not a
    variable: with other variables dbt parses the whole project again.
#}
{% macro is_backfill() -%}
    {{ return(env_var('NPS_BACKFILL_FROM', '') != '') }}
{%- endmacro %}
