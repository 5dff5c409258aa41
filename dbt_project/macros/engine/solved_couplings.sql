{#
    Solves the normal equations of period effects for several right sides at once, by one expression over lists.

    `matrix` is a list of `n` rows of 64-bit numbers; row i holds the couplings s_ij >= 0 with every period j (n of them,
    symmetric; s_ii is not read) and then the right sides r_i. The answer has the same shape; its last items of row i are
    the effects e_i that solve  e_i * sum_j s_ij - sum_j s_ij * e_j = r_i.  Null where the matrix is null; no item may be.

    Gauss-Jordan elimination after Grassmann, Taksar & Heyman (1985): a pivot is never found by subtraction, it is the sum
    of what still couples its period with later ones. So nothing cancels, a small coupling next to a large one keeps all
    its digits, and the pivot of the last period of a connected part of the panel is exactly 0: that period is the
    reference of its part and its effect is 0. tests/test_statistics.py holds it to numpy's least squares.
#}
{% macro solved_couplings(matrix, n) -%}{{ return(adapter.dispatch('solved_couplings')(matrix, n)) }}{%- endmacro %}

{# Without a fold, or with one that knows no other column: a function in JavaScript, declared ahead of the model's statement. #}
{% macro bigquery__solved_couplings(matrix, n) -%}
    {%- do config(sql_header=_bigquery_couplings_function()) -%}
    solved_couplings({{ matrix }}, {{ n }})
{%- endmacro %}

{% macro _bigquery_couplings_function() -%}
create temp function solved_couplings(
    matrix array<struct<item array<struct<item float64>>>>, n float64
) returns array<struct<item array<struct<item float64>>>> language js as r"""
    if (matrix === null) return null;
    let solved = matrix.map(line => line.item.map(entry => entry.item));
    {{ _couplings_script() }}
    return solved.map(line => ({item: line.map(value => ({item: value}))}));
""";
{%- endmacro %}

{% macro snowflake__solved_couplings(matrix, n) -%}
    {%- do config(sql_header=_snowflake_couplings_function()) -%}
    {{ target.database }}.{{ target.schema }}.solved_couplings({{ matrix }}, {{ n }})
{%- endmacro %}

{#
    In the profile's own schema, which holds no model and so may not be there. The names of the arguments are quoted, as they
    would else be in capitals in the script.
#}
{% macro _snowflake_couplings_function() -%}
create schema if not exists {{ target.database }}.{{ target.schema }};
create or replace temporary function {{ target.database }}.{{ target.schema }}.solved_couplings("matrix" array, "n" float)
returns array language javascript strict immutable as $$
    let solved = matrix;
    {{ _couplings_script() }}
    return solved;
$$;
{%- endmacro %}

{# The elimination on `solved`, a list of lists of numbers, in JavaScript; positions count from 0. #}
{% macro _couplings_script() -%}
    for (let k = 0; k < n; k++) {
        const total = solved[k].slice(k + 1, n).reduce((sum, value) => sum + value, 0);
        const leader = solved[k].map(value => total > 0 ? value / total : 0);
        solved = solved.map((line, i) => i === k ? leader : line.map((value, j) => value + line[k] * leader[j]));
    }
{%- endmacro %}

{# A fold with the matrix as its state: only the step number of the folded list counts, whose items must have the state's type. #}
{% macro duckdb__solved_couplings(matrix, n) -%}
    list_reduce(
        list_transform({{ matrix }}, lambda line: [line]),
        lambda solved, ignored, k: list_transform(
            [list_transform(
                [coalesce(list_sum(list_slice(solved[k], k + 1, {{ n }})), 0e0)],
                lambda total: list_transform(solved[k], lambda value: case when total > 0 then value / total else 0e0 end)
            )[1]],
            lambda leader: list_transform(
                solved,
                lambda line, i: case
                    when i = k then leader
                    else list_transform(line, lambda value, j: value + line[k] * leader[j])
                end
            )
        )[1],
        {{ matrix }}
    )
{%- endmacro %}

{# Positions of lambdas count from 0 here, items of element_at from 1. #}
{% macro spark__solved_couplings(matrix, n) -%}
    aggregate(
        sequence(1, {{ n }}),
        {{ matrix }},
        (solved, k) -> element_at(
            transform(
                array(element_at(
                    transform(
                        array(aggregate(
                            slice(element_at(solved, k), k + 1, {{ n }} - k), 0d, (total, value) -> total + value
                        )),
                        total -> transform(
                            element_at(solved, k), value -> case when total > 0 then value / total else 0d end
                        )
                    ),
                    1
                )),
                leader -> transform(
                    solved,
                    (line, i) -> case
                        when i + 1 = k then leader
                        else transform(line, (value, j) -> value + element_at(line, k) * element_at(leader, j + 1))
                    end
                )
            ),
            1
        )
    )
{%- endmacro %}
