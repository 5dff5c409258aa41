{#
    A value of Student's t as y = sqrt(df * ln(1 + t^2 / df)), in which its density is nearly normal: what t_p_value reads.
    Where t^2 / df is small the logarithm would lose digits, and the first terms of its series are within 4e-11 of it.
#}
{% macro t_as_normal(t, degrees_of_freedom) -%}
    {%- set ratio = '((' ~ t ~ ') * (' ~ t ~ ') / (' ~ degrees_of_freedom ~ '))' -%}
    sqrt(
        ({{ degrees_of_freedom }})
        * case when {{ ratio }} < 1e-5 then {{ ratio }} - {{ ratio }} * {{ ratio }} / 2 else ln(1 + {{ ratio }}) end
    )
{%- endmacro %}
