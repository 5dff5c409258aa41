{% set by = ['cell_number', 'horizon_months', 'cluster_level'] %}

with

clusters as {{ not_materialized() }}(
    select * from {{ ref('int_value_clusters_summed') }}
    where
        points_points > 0
        or growth_growth > 0
),

accounts as (
    select
        cell_number,
        horizon_months,
        max(case when is_group then 1 else 0 end) as has_families
    from clusters
    where cluster_level = 'account'
    group by cell_number, horizon_months
),

sums as (
    select
        {{ by | join(', ') }},
        count(*) as n_clusters,
        {{ exact_sum('points_points') }} as points_points,
        {{ exact_sum('points_promoters') }} as points_promoters,
        {{ exact_sum('promoters_promoters') }} as promoters_promoters,
        {{ exact_sum('points_growth') }} as points_growth,
        {{ exact_sum('promoters_growth') }} as promoters_growth
    from clusters
    group by {{ by | join(', ') }}
),

-- Of two that say the same, such as where nobody is ever a detractor, neither can be told.
determined as (
    select
        *,
        points_points * promoters_promoters - points_promoters * points_promoters as determinant
    from sums
    where
        points_points * promoters_promoters - points_promoters * points_promoters
        > 1e-9 * points_points * promoters_promoters
),

-- Growth on points and, beside them, on the points of promoters: points alone move where a detractor becomes a passive,
-- both where a passive becomes a promoter.
totals as (
    select
        *,
        (promoters_promoters * points_growth - points_promoters * promoters_growth) / determinant as first_slope,
        (points_points * promoters_growth - points_promoters * points_growth) / determinant as more_slope
    from determined
),

-- Without a cluster the sums are less its own, and less its part of the period effects (see jackknife_ratio).
left_over as (
    select
        {% for column in by %}
        totals.{{ column }},
        {% endfor %}
        totals.n_clusters,
        clusters.points_growth - totals.first_slope * clusters.points_points
        - totals.more_slope * clusters.points_promoters as points_residual,
        clusters.promoters_growth - totals.first_slope * clusters.points_promoters
        - totals.more_slope * clusters.promoters_promoters as promoters_residual,
        (1 - clusters.leverage) * totals.points_points - clusters.points_points as points_points,
        (1 - clusters.leverage) * totals.points_promoters - clusters.points_promoters as points_promoters,
        (1 - clusters.leverage) * totals.promoters_promoters - clusters.promoters_promoters as promoters_promoters,
        -- Its share in what promoters leave of the points, and in what the steps to passive leave of those to promoter.
        (
            clusters.points_points
            - 2 * totals.points_promoters / totals.promoters_promoters * clusters.points_promoters
            + power(totals.points_promoters / totals.promoters_promoters, 2) * clusters.promoters_promoters
        ) * totals.promoters_promoters / totals.determinant as first_share,
        (
            power(totals.points_points - totals.points_promoters, 2) * clusters.promoters_promoters
            + 2 * (totals.points_points - totals.points_promoters)
            * (totals.promoters_promoters - totals.points_promoters)
            * clusters.points_promoters
            + power(totals.promoters_promoters - totals.points_promoters, 2) * clusters.points_points
        ) / totals.determinant
        / (totals.points_points - 2 * totals.points_promoters + totals.promoters_promoters) as second_share
    from clusters
    inner join totals
        on
            clusters.cell_number = totals.cell_number
            and clusters.horizon_months = totals.horizon_months
            and clusters.cluster_level = totals.cluster_level
),

deleted as (
    select
        *,
        nullif(points_points * promoters_promoters - points_promoters * points_promoters, 0) as determinant
    from left_over
),

changes as (
    select
        {{ by | join(', ') }},
        first_share,
        second_share,
        n_clusters * (promoters_promoters * points_residual - points_promoters * promoters_residual) / determinant
            as first_deleted,
        n_clusters * (points_points * promoters_residual - points_promoters * points_residual) / determinant
            as more_deleted
    from deleted
),

squares as (
    select
        {{ by | join(', ') }},
        {{ exact_sum('first_deleted * first_deleted') }} as first_squares,
        {{ exact_sum('(first_deleted + more_deleted) * (first_deleted + more_deleted)') }} as second_squares,
        {{ exact_sum('first_share * first_share') }} as first_share_squares,
        {{ exact_sum('second_share * second_share') }} as second_share_squares
    from changes
    group by {{ by | join(', ') }}
),

steps as (
    {% for path, prefix in {'detractor_to_passive': 'first', 'passive_to_promoter': 'second'}.items() %}
    select
        {% for column in by %}
        totals.{{ column }},
        {% endfor %}
        '{{ path }}' as path,
        totals.n_clusters,
        totals.first_slope{{ ' + totals.more_slope' if prefix == 'second' }} as slope,
        case
            when squares.{{ prefix }}_squares > 0
                then
                    sqrt((totals.n_clusters - 1e0) / totals.n_clusters * squares.{{ prefix }}_squares)
                    / totals.n_clusters
        end as std_error,
        1e0 / squares.{{ prefix }}_share_squares as effective_clusters,
        greatest(1e0 / squares.{{ prefix }}_share_squares - 1e0, 1e0) as degrees_of_freedom
    from totals
    inner join squares
        on
            totals.cell_number = squares.cell_number
            and totals.horizon_months = squares.horizon_months
            and totals.cluster_level = squares.cluster_level
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- As in int_value_slopes_estimated: the level of the widest interval.
ranked as (
    select
        *,
        row_number() over (
            partition by cell_number, horizon_months, path
            order by coalesce(std_error * {{ t_quantile('degrees_of_freedom') }}, -1e0) desc, cluster_level
        ) as place,
        max(case when cluster_level = 'account' then effective_clusters end) over (
            partition by cell_number, horizon_months, path
        ) as effective_accounts
    from steps
),

final as (
    select
        ranked.cell_number,
        ranked.horizon_months,
        ranked.path,
        case
            when ranked.cluster_level = 'account' and accounts.has_families = 1 then 'parent'
            else ranked.cluster_level
        end as cluster_level,
        {{ as_count('ranked.n_clusters') }} as n_clusters,
        ranked.slope,
        ranked.std_error,
        ranked.effective_accounts,
        ranked.effective_clusters,
        ranked.degrees_of_freedom
    from ranked
    left join accounts
        on
            ranked.cell_number = accounts.cell_number
            and ranked.horizon_months = accounts.horizon_months
    where ranked.place = 1
)

select * from final
