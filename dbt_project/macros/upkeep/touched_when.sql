{#
    As touched, where rows are not of one unit: a condition that holds for every row that a touched unit needs, and for others.
    In it {units} are the touched units, {first} and {last} the first and the last of them.
#}
{% macro touched_when(condition, word='and') -%}
    /* {{ word }} touched when: {{ condition }} */
{%- endmacro %}
