{# The verdict of a check of what came in, of the conditions under which it failed and warned; null is neither. #}
{% macro check_verdict(failed, warned='false') -%}
    case when {{ failed }} then 'failed' when {{ warned }} then 'warned' else 'passed' end
{%- endmacro %}
