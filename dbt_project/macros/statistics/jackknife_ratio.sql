{#
    The delete-one-cluster jackknife of ratios, in closed form: a table expression with one row per cell.

    `classes` is a relation with the columns of `by` (never null), `numerator` (a), `denominator` (b) and `n_clusters`: how
    many clusters of the cell have exactly this pair. The ratio is theta = sum a / sum b over the cell's clusters. With the
    share h = b / sum b and the influence psi = (a - theta * b) / sum b,

        std_error        = sqrt((G - 1) / G * sum (psi / (1 - h))^2), G clusters: what deleting each cluster in turn gives
        std_error_crv1   = sqrt(G / (G - 1) * sum psi^2), the plain cluster-robust error, for comparison
        effective_clusters = 1 / sum h^2, and degrees_of_freedom = max(effective_clusters - 1, 1)

    `leverage` names a column: the share of a cluster in other effects that were estimated with it and taken off its a and b
    before (period effects, means of peers). Without the cluster those would be others too, so h counts that share as well;
    of a balanced panel this is exact.

    `part` names a column: the estimate is then the sum of `coefficient` (one per part) times the ratio of each part, such
    as a standardised ratio, or a gap. `cluster` names the column that tells which rows are of one cluster, one row per part:
    what deleting it does to each part is added up. Clusters that are alike in every part may go by one name, with their
    number in `n_clusters` of each row. Without `cluster` each row is a cluster. A cluster's share is that of its
    coefficients; a difference has the effective clusters of the side, positive or negative, that has fewer.

    `spread` names a column: the clusters of a class then have the same b and not the same a; `numerator` is the sum of their a, and
    `spread` the sum of the squares by which these differ from their mean. The classes are fewer, and what deleting each cluster
    does, squared and summed, is the same: sum (a - theta b)^2 = spread + n (mean - theta b)^2.

    `sums` names a relation that has the sums of the classes already, where many of them are read for little: the columns of `by`
    (and `part`, with its `coefficient`), `n_clusters`, `largest_denominator`, `numerator_total`, `denominator_total`. Classes
    without a row there are left out. `matched_by` names the columns by which a class finds its sums, where these are others: a class
    may then be of several parts, and is not written down for each.

    What deleting a cluster does is taken times the number of clusters until it is summed: of a slope per point over a million
    accounts the square would not reach the decimals of exact_sum (test_statistics.py).

    `size` names a column by whose shares the effective clusters are counted, where the denominators of single clusters are so
    noisy that they may be below zero. Not of parts.

    `heavy_tailed` is for denominators that are money. The few largest clusters then make most of the error, and it is less sure
    than 1 / sum h^2 says: the degrees of freedom are no more than one over the largest share (tests/verify_intervals.py). Not
    for differences, which have the degrees of freedom of one side alone and so are wide enough.

    Without `crv1` the error for comparison is left out, which spares a third of the time.

    Null errors where one cluster holds the whole denominator: nothing is left when it is deleted. Every ratio of the
    warehouse takes its interval from here; tests/test_statistics.py holds it to a brute-force delete-one loop.
#}
{% macro jackknife_ratio(
    classes, by, part=none, cluster=none, leverage=none, spread=none, crv1=true, sums=none, matched_by=none,
    heavy_tailed=false, size=none
) -%}
    {%- set sums_by = by + ([part] if part else []) -%}
    {%- set matched_by = matched_by or sums_by -%}
    {%- set a = 'cast(classes.numerator as ' ~ float_type() ~ ')' ~ (' / classes.n_clusters' if spread) -%}
    {%- set b = 'cast(classes.denominator as ' ~ float_type() ~ ')' -%}
    {%- set total = 'totals.denominator_total' -%}
    {%- set residual = '(' ~ a ~ ' - totals.estimate * ' ~ b ~ ')' -%}
    {%- set share = '(' ~ b ~ ' / ' ~ total ~ ')' -%}
    {%- set rest = total ~ ' - ' ~ b -%}
    {%- if leverage -%}
        {%- set other_share = 'classes.' ~ leverage -%}
        {%- set rest = jackknife_rest(total, share, other_share) -%}
    {%- endif -%}
    {%- set weight = 'totals.coefficient' if part else 'totals.n_clusters' -%}
    {%- set spread_by = 'classes.' ~ spread ~ ' * ' ~ weight ~ ' * ' ~ weight -%}
    {%- if spread and cluster -%}
        {{ exceptions.raise_compiler_error('jackknife_ratio: clusters of several rows cannot be summed in classes of a spread') }}
    {%- endif -%}
    {%- set scale = '1e0' if part else 'estimates.n_clusters' -%}
    {%- set is_difference = part and not heavy_tailed -%}
    {%- set effective = ('power(estimates.share_total, 2)' if part else '1e0') ~ ' / squares.share_squares' -%}
    {%- if is_difference -%}
        {%- set effective = (
            'case when estimates.other_share_total = 0 then power(estimates.share_total, 2) / squares.share_squares '
            ~ 'when estimates.share_total = 0 then power(estimates.other_share_total, 2) / squares.other_share_squares '
            ~ 'else least(power(estimates.share_total, 2) / squares.share_squares, '
            ~ 'power(estimates.other_share_total, 2) / squares.other_share_squares) end'
        ) -%}
    {%- endif -%}
    {%- set degrees_of_freedom = effective ~ ' - 1e0' -%}
    {%- if heavy_tailed -%}
        {%- set largest_share = 'squares.largest_share' ~ (' / estimates.share_total' if part) -%}
        {%- set degrees_of_freedom = 'least(' ~ degrees_of_freedom ~ ', 1e0 / (' ~ largest_share ~ '))' -%}
    {%- endif -%}
    (
        with

        sums as (
            {% if sums %}
            select * from {{ sums }}
            {% else %}
            select
                {{ sums_by | join(', ') }},
                {% if part %}max(coefficient) as coefficient,{% endif %}
                sum(n_clusters) as n_clusters,
                max(denominator) as largest_denominator,
                {{ exact_sum('cast(numerator as ' ~ float_type() ~ ')' ~ ('' if spread else ' * n_clusters')) }} as numerator_total,
                {% if size %}{{ exact_sum(size ~ ' * n_clusters') }} as size_total,{% endif %}
                {{ exact_sum('cast(denominator as ' ~ float_type() ~ ') * n_clusters') }} as denominator_total
            from {{ classes }}
            group by {{ sums_by | join(', ') }}
            {% endif %}
        ),

        totals as (
            select
                *,
                numerator_total / denominator_total as estimate
            from sums
            where denominator_total > 0
        ),

        changes_of_parts as (
            select
                {% for column in by %}totals.{{ column }}, {% endfor %}
                {% if cluster %}classes.{{ cluster }},{% endif %}
                classes.n_clusters,
                {{ 'greatest(totals.coefficient, 0e0) * ' if part }}{{ 'classes.' ~ size ~ ' / totals.size_total' if size else share }} as share,
                {% if is_difference %}greatest(-totals.coefficient, 0e0) * {{ share }} as other_share,{% endif %}
                {% if spread %}{{ spread_by }} / nullif({{ rest }}, 0) / nullif({{ rest }}, 0) as spread_deleted,{% endif %}
                {{ weight }} * {{ residual }} / nullif({{ rest }}, 0) as deleted
                {%- if crv1 %},
                {% if spread %}{{ spread_by }} / {{ total }} / {{ total }} as spread_influence,{% endif %}
                {{ weight }} * {{ residual }} / {{ total }} as influence
                {%- endif %}
            from {{ classes }} as classes
            inner join totals
                on {% for column in matched_by %}classes.{{ column }} = totals.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}

        ),

        changes as (
            {% if cluster %}
            select
                {{ by | join(', ') }},
                {{ cluster }},
                max(n_clusters) as n_clusters,
                {{ exact_sum('share', is_small=true) }} as share,
                {{ exact_sum('other_share', is_small=true) ~ ' as other_share,' if is_difference }}
                {{ exact_sum('deleted') }} as deleted
                {%- if crv1 %},
                {{ exact_sum('influence') }} as influence
                {%- endif %}
            from changes_of_parts
            group by {{ by | join(', ') }}, {{ cluster }}
            {% else %}
            select * from changes_of_parts
            {% endif %}
        ),

        squares as (
            select
                {{ by | join(', ') }},
                sum(n_clusters) as n_clusters,
                {{ exact_sum('n_clusters * share * share') }} as share_squares,
                {% if is_difference %}{{ exact_sum('n_clusters * other_share * other_share') }} as other_share_squares,{% endif %}
                {% if heavy_tailed %}max(share) as largest_share,{% endif %}
                {{ exact_sum('n_clusters * deleted * deleted' ~ (' + spread_deleted' if spread)) }} as deleted_squares
                {%- if crv1 %},
                {{ exact_sum('n_clusters * influence * influence' ~ (' + spread_influence' if spread)) }} as influence_squares
                {%- endif %}
            from changes
            group by {{ by | join(', ') }}
        ),

        estimates as (
            select
                {{ by | join(', ') }},
                {% if part %}
                {{ exact_sum('coefficient * estimate') }} as estimate,
                {{ exact_sum('greatest(coefficient, 0e0)') }} as share_total,
                {% if is_difference %}{{ exact_sum('greatest(-coefficient, 0e0)') }} as other_share_total,{% endif %}
                {% else %}
                n_clusters,
                numerator_total,
                denominator_total,
                estimate,
                {% endif %}
                {{ 'max(case when largest_denominator < denominator_total then 0 else 1 end)' if part
                    else 'case when largest_denominator < denominator_total then 0 else 1 end' }} as n_undeletable
            from totals
            {% if part %}group by {{ by | join(', ') }}{% endif %}

        )

        select
            {% for column in by %}estimates.{{ column }}, {% endfor %}
            squares.n_clusters,
            {% if not part %}
            estimates.numerator_total,
            estimates.denominator_total,
            {% endif %}
            estimates.estimate,
            {{ effective }} as effective_clusters,
            greatest({{ degrees_of_freedom }}, 1e0) as degrees_of_freedom,
            case
                when estimates.n_undeletable = 0
                    then sqrt((squares.n_clusters - 1e0) / squares.n_clusters * squares.deleted_squares) / {{ scale }}
            end as std_error
            {%- if crv1 %},
            case
                when squares.n_clusters > 1
                    then sqrt(squares.n_clusters / (squares.n_clusters - 1e0) * squares.influence_squares) / {{ scale }}
            end as std_error_crv1
            {%- endif %}
        from estimates
        inner join squares
            on {% for column in by %}estimates.{{ column }} = squares.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}

    )
{%- endmacro %}
