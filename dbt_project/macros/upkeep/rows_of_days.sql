{# For `recompute` in a config: a query of the units of which a relation has a row of the days of a backfill. #}
{% macro rows_of_days(unit, relations, first_day, last_day=none) -%}
    {%- for relation in relations -%}
        {{ 'union all ' if not loop.first }}select {{ unit }} from {{ '{' ~ relation ~ '}' }} where
        {{ first_day }} <= date '{backfill_to}' and {{ last_day or first_day }} >= date '{backfill_from}'
    {% endfor %}
{%- endmacro %}
