{#
    The two-sided p-value of Student's t with `degrees_of_freedom` >= 1, not necessarily whole; null where either is null.
    `y` is the name of a column with t_as_normal(t, degrees_of_freedom): spelt out, it would fill the query many times over.

    With w = ln(1 + s^2 / df) and y = sqrt(df * w), the density of s is that of a normal y times k(w) = sqrt(w / (1 - e^-w)),
    so p = tail / (centre + tail), where both are integrals of e^(-y^2 / 2) * k: the centre from 0 to the y of |t|, the tail
    beyond. Each by Gauss-Legendre with 16 points, the centre up to 7 and the tail up to where it has fallen by e^-20.
    Within 1e-8 of scipy's t.sf, also relative to it as far as 1e-12 (tests/test_statistics.py). Needs no gamma function.
#}
{% macro t_p_value(y, degrees_of_freedom) -%}
    {%- set nodes = [
        ('0.005299532504175031', '0.013576229705877088'), ('0.0277124884633837', '0.031126761969323728'),
        ('0.06718439880608412', '0.0475792558412463'), ('0.1222977958224985', '0.062314485627767036'),
        ('0.19106187779867811', '0.07479799440828835'), ('0.2709916111713863', '0.08457825969750132'),
        ('0.35919822461037054', '0.09130170752246182'), ('0.4524937450811813', '0.09472530522753432'),
        ('0.5475062549188188', '0.09472530522753432'), ('0.6408017753896295', '0.09130170752246182'),
        ('0.7290083888286136', '0.08457825969750132'), ('0.8089381222013219', '0.07479799440828835'),
        ('0.8777022041775016', '0.062314485627767036'), ('0.9328156011939159', '0.0475792558412463'),
        ('0.9722875115366163', '0.031126761969323728'), ('0.994700467495825', '0.013576229705877088'),
    ] -%}
    {%- set df = '(' ~ degrees_of_freedom ~ ')' -%}
    {%- set centre = 'least(' ~ y ~ ', 7e0)' -%}
    {%- set reach = '(sqrt(' ~ y ~ ' * ' ~ y ~ ' + 40e0) - ' ~ y ~ ')' -%}
    {%- set sums = namespace(centre=[], tail=[]) -%}
    {%- for node, weight in nodes -%}
        {%- set inner = '(' ~ centre ~ ' * ' ~ node ~ 'e0)' -%}
        {%- set step = '(' ~ reach ~ ' * ' ~ node ~ 'e0)' -%}
        {%- set outer = '(' ~ y ~ ' + ' ~ step ~ ')' -%}
        {%- set inner_term = weight ~ 'e0 * exp(-' ~ inner ~ ' * ' ~ inner ~ ' / 2) * ' ~ _normal_to_t(inner, df) -%}
        {%- set outer_term = (
            weight ~ 'e0 * exp(-' ~ y ~ ' * ' ~ step ~ ' - ' ~ step ~ ' * ' ~ step ~ ' / 2) * ' ~ _normal_to_t(outer, df)
        ) -%}
        {%- set sums.centre = sums.centre + [inner_term] -%}
        {%- set sums.tail = sums.tail + [outer_term] -%}
    {%- endfor -%}
    {%- set tail = '(' ~ reach ~ ' * exp(-' ~ y ~ ' * ' ~ y ~ ' / 2) * (' ~ sums.tail | join(' + ') ~ '))' -%}
    ({{ tail }} / ({{ centre }} * ({{ sums.centre | join(' + ') }}) + {{ tail }}))
{%- endmacro %}

{# k(w) of y. Near 0 a series, as for the logarithm above: the difference would lose its digits. #}
{% macro _normal_to_t(y, degrees_of_freedom) -%}
    {%- set w = '(' ~ y ~ ' * ' ~ y ~ ' / ' ~ degrees_of_freedom ~ ')' -%}
    case when {{ w }} < 1e-3 then 1 + {{ w }} / 4 + {{ w }} * {{ w }} / 96 else sqrt({{ w }} / (1 - exp(-{{ w }}))) end
{%- endmacro %}
