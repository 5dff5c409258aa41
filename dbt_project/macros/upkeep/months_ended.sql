{# For `recompute` in a config: the months that ended between two as-of dates, of a relation with month_start and month_end. #}
{% macro months_ended(relation) -%}
    select month_start from {{ '{' ~ relation ~ '}' }}
    where
        month_end > least(date '{before}', date '{now}')
        and month_end <= greatest(date '{before}', date '{now}')
{%- endmacro %}
