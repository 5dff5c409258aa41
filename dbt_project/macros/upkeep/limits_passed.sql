{#
    For `recompute` in a config: of a query of answers (answered_at), those whose time limit of so many hours had not passed at the
    earlier of two as-of dates. Later than that, an hour more is no matter.
#}
{% macro limits_passed(answers, hours) -%}
    {{ answers }} where {{ hours_between('answered_at', day_began_at("least(date '{before}', date '{now}')")) }} <= {{ hours }}
{%- endmacro %}
