{#
    As touched, where rows are not of one unit: a condition that holds for every row that a touched unit needs, and for others.
    In it {first} and {last} are the first and the last of the touched units.
#}
{% macro touched_when(condition, word='and') -%}
    /* {{ word }} touched when: {{ condition }} */
{%- endmacro %}
