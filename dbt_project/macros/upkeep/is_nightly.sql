{#
    Whether the nightly job (or a backfill) has called dbt, and not somebody by hand: the job says by what versions it builds. Only
    the job leaves what it knows to be right; dbt by hand makes and asks what it is told to.
#}
{% macro is_nightly() -%}
    {{ return(env_var('NPS_BUILT_WITH', '') != '') }}
{%- endmacro %}
