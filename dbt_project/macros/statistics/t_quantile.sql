{#
    The 97.5 % quantile of Student's t with `degrees_of_freedom` >= 1, not necessarily whole; as a 64-bit number.

    A polynomial of degree 18 in v = 2 / df - 1, which runs from -1 (normal) to 1 (one degree of freedom): the quantile is
    smooth in 1 / df, so the least-squares fit at Chebyshev nodes is within 3e-12 of scipy's t.ppf over the whole range
    (tests/test_statistics.py). No engine needs an extension for it. Exponents in the literals keep them 64-bit floats.
#}
{% macro t_quantile(degrees_of_freedom) -%}
    {%- set coefficients = [
        '4.302652729749623', '4.123195396675715', '2.630138786952354', '1.14161058657067', '0.3750874052910365',
        '0.1035033801448623', '0.02442561609942822', '0.004615287098371225', '0.0007727689213363269',
        '0.0002027799715862099', '-2.403848233372682e-6', '-5.273983334251075e-6', '8.918896509934027e-6',
        '2.013170167264291e-6', '-1.312390405477711e-6', '-5.471576845704802e-6', '2.946498537169924e-6',
        '1.677744646357194e-6', '-1.095813020873303e-6',
    ] -%}
    {%- set v = '(2e0 / (' ~ degrees_of_freedom ~ ') - 1e0)' -%}
    {%- set horner = namespace(sql='0e0') -%}
    {%- for coefficient in coefficients | reverse -%}
        {%- set literal = coefficient if 'e' in coefficient else coefficient ~ 'e0' -%}
        {%- set horner.sql = '(' ~ horner.sql ~ ' * ' ~ v ~ ' + (' ~ literal ~ '))' -%}
    {%- endfor -%}
    {{ horner.sql }}
{%- endmacro %}
