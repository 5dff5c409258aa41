{#
    A quantile of Student's t with `degrees_of_freedom` >= 1, not necessarily whole, as a 64-bit number: that of 97.5 %, which
    an interval takes, or that of 80 %, which power takes.

    A polynomial in v = 2 / df - 1, which runs from -1 (normal) to 1 (one degree of freedom): the quantile is smooth in 1 / df,
    so the least-squares fit at Chebyshev nodes is within 8e-12 of scipy's t.ppf over the whole range
    (tests/test_statistics.py). No engine needs an extension for it. Exponents in the literals keep them 64-bit floats.
#}
{% macro t_quantile(degrees_of_freedom, probability='0.975') -%}
    {%- set coefficients = {
        '0.975': [
            '4.302652729749623', '4.123195396675715', '2.630138786952354', '1.14161058657067', '0.3750874052910365',
            '0.1035033801448623', '0.02442561609942822', '0.004615287098371225', '0.0007727689213363269',
            '0.0002027799715862099', '-2.403848233372682e-6', '-5.273983334251075e-6', '8.918896509934027e-6',
            '2.013170167264291e-6', '-1.312390405477711e-6', '-5.471576845704802e-6', '2.946498537169924e-6',
            '1.677744646357194e-6', '-1.095813020873303e-6',
        ],
        '0.8': [
            '1.060660171777952', '0.2616998961274955', '0.04719648276238277', '0.00575449907673252',
            '0.001141509922667478', '-9.777483358566922e-05', '2.150231057931854e-05', '1.444456369050522e-05',
            '-1.473826185862187e-05', '8.106946876644912e-06', '-3.090637095109378e-06', '2.35555763300189e-06',
            '-1.578444135418049e-06', '-1.030657759004617e-06', '1.49972213390703e-06', '-1.533370831875669e-07',
            '-1.821284271004876e-07',
        ],
    }[probability] -%}
    {%- set v = '(2e0 / (' ~ degrees_of_freedom ~ ') - 1e0)' -%}
    {%- set horner = namespace(sql='0e0') -%}
    {%- for coefficient in coefficients | reverse -%}
        {%- set literal = coefficient if 'e' in coefficient else coefficient ~ 'e0' -%}
        {%- set horner.sql = '(' ~ horner.sql ~ ' * ' ~ v ~ ' + (' ~ literal ~ '))' -%}
    {%- endfor -%}
    {{ horner.sql }}
{%- endmacro %}
