{#
    What one a year is worth today over `lifetime_years` years, the first paid now and each later one with the chance
    `retention` of the one before, at the discount rate: sum over y < years of (retention / (1 + d))^y. With `slope`, its
    derivative by the retention. Null where the retention is null.
#}
{% macro annuity(retention, slope=false) -%}
    {%- set growth = '(' ~ retention ~ ' / ' ~ (1 + var('discount_rate')) ~ 'e0)' -%}
    {%- set horner = namespace(sql='0e0') -%}
    {%- for year in range(var('lifetime_years') - 1, 0 if slope else -1, -1) -%}
        {%- set horner.sql = '(' ~ horner.sql ~ ' * ' ~ growth ~ ' + ' ~ (year if slope else 1) ~ 'e0)' -%}
    {%- endfor -%}
    {{ horner.sql }}{{ ' / ' ~ (1 + var('discount_rate')) ~ 'e0' if slope }}
{%- endmacro %}
