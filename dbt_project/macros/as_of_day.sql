{#
    The date as of which every window is cut, as a text: of the variable as_of_date, or of the night (NPS_AS_OF), or of the copy on
    which somebody works by hand (make dev), or today. The only reading of a clock in the models. Unknown while the project is
    parsed, so that what dbt keeps of a parsed project holds for every night.
#}
{% macro as_of_day() -%}
    {{ (
        var('as_of_date') or env_var('NPS_AS_OF', '') or env_var('NPS_DEV_AS_OF', '') or run_started_at.strftime('%Y-%m-%d')
    ) if execute else '' }}
{%- endmacro %}
