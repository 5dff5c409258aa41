{#
    The delete-one-cluster jackknife of ratios, in closed form: a table expression with one row per cell.

    `classes` is a relation with the columns of `by` (never null), `numerator` (a), `denominator` (b) and `n_clusters`: how
    many clusters of the cell have exactly this pair. The ratio is theta = sum a / sum b over the cell's clusters. With the
    share h = b / sum b and the influence psi = (a - theta * b) / sum b,

        std_error        = sqrt((G - 1) / G * sum (psi / (1 - h))^2), G clusters: what deleting each cluster in turn gives
        std_error_crv1   = sqrt(G / (G - 1) * sum psi^2), the plain cluster-robust error, for comparison
        effective_clusters = 1 / sum h^2, and degrees_of_freedom = max(effective_clusters - 1, 1)

    Null errors where one cluster holds the whole denominator: nothing is left when it is deleted. Every ratio of the
    warehouse takes its interval from here; tests/test_statistics.py holds it to a brute-force delete-one loop.
#}
{% macro jackknife_ratio(classes, by) -%}
    {%- set cell = by | join(', ') -%}
    {%- set a = 'cast(classes.numerator as ' ~ float_type() ~ ')' -%}
    {%- set b = 'cast(classes.denominator as ' ~ float_type() ~ ')' -%}
    {%- set residual = '(' ~ a ~ ' - totals.estimate * ' ~ b ~ ')' -%}
    {%- set rest = 'nullif(totals.denominator_total - ' ~ b ~ ', 0)' -%}
    {%- set share = b ~ ' / totals.denominator_total' -%}
    (
        with

        sums as (
            select
                {{ cell }},
                sum(n_clusters) as n_clusters,
                max(denominator) as largest_denominator,
                {{ exact_sum('numerator * n_clusters') }} as numerator_total,
                {{ exact_sum('denominator * n_clusters') }} as denominator_total
            from {{ classes }}
            group by {{ cell }}
        ),

        totals as (
            select
                *,
                numerator_total / denominator_total as estimate
            from sums
            where denominator_total > 0
        ),

        squares as (
            select
                {% for column in by %}totals.{{ column }}, {% endfor %}
                {{ exact_sum('classes.n_clusters * (' ~ share ~ ') * (' ~ share ~ ')') }} as share_squares,
                {{ exact_sum('classes.n_clusters * (' ~ residual ~ ' / ' ~ rest ~ ') * (' ~ residual ~ ' / ' ~ rest ~ ')') }} as deleted_squares,
                {{ exact_sum(
                    'classes.n_clusters * (' ~ residual ~ ' / totals.denominator_total) * (' ~ residual ~ ' / totals.denominator_total)'
                ) }} as influence_squares
            from {{ classes }} as classes
            inner join totals
                on {% for column in by %}classes.{{ column }} = totals.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}

            group by {% for column in by %}totals.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}

        )

        select
            {% for column in by %}totals.{{ column }}, {% endfor %}
            totals.n_clusters,
            totals.numerator_total,
            totals.denominator_total,
            totals.estimate,
            1e0 / squares.share_squares as effective_clusters,
            greatest(1e0 / squares.share_squares - 1e0, 1e0) as degrees_of_freedom,
            case
                when totals.largest_denominator < totals.denominator_total
                    then sqrt((totals.n_clusters - 1e0) / totals.n_clusters * squares.deleted_squares)
            end as std_error,
            case
                when totals.n_clusters > 1
                    then sqrt(totals.n_clusters / (totals.n_clusters - 1e0) * squares.influence_squares)
            end as std_error_crv1
        from totals
        inner join squares
            on {% for column in by %}totals.{{ column }} = squares.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}

    )
{%- endmacro %}
