{# The last day of a service period, itself included; `revenue_period_end` says whether the ledger gives the day after it. #}
{% macro last_day_of_period(period_start, period_end) -%}
    {%- if var('revenue_period_end') == 'exclusive' -%}
        case
            when {{ period_end }} > {{ period_start }} then {{ add_days(period_end, -1) }}
            else {{ period_end }}
        end
    {%- else -%}
        {{ period_end }}
    {%- endif -%}
{%- endmacro %}
