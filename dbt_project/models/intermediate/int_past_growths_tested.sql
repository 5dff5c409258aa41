{% set quarters = range(1, 5) %}
{% set share = 'accounts_before.before_points_points / before_totals.denominator' %}
{% set rest = jackknife_rest('before_totals.denominator', share, 'accounts_before.before_leverage') %}
{% set effect_share = 'accounts_after.points_points / after_totals.denominator' %}
{% set effect_rest = jackknife_rest('after_totals.denominator', effect_share, 'accounts_after.leverage') %}

with

accounts_before as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_summed') }}
    where n_before_accounts > 0
),

-- The effect over the quarter after the score, as it is published.
accounts_after as {{ not_materialized() }}(
    select * from {{ ref('int_value_clusters_summed') }}
    where
        horizon_months = 3
        and cluster_level = 'account'
        and points_points > 0
),

before_totals as (
    select
        cell_number,
        count(*) as n_accounts,
        {% for k in quarters %}
        {{ exact_sum('before_points_growth_' ~ k) }} / {{ exact_sum('before_points_points') }} as growth_{{ k }},
        {{ exact_sum('before_points_earlier_' ~ k) }} / {{ exact_sum('before_points_points') }} as earlier_{{ k }},
        {% endfor %}
        {{ exact_sum('before_points_points') }} as denominator
    from accounts_before
    group by cell_number
    having sum(before_points_points) > 0
),

after_totals as (
    select
        cell_number,
        {{ exact_sum('points_points') }} as denominator,
        {{ exact_sum('points_growth') }} / {{ exact_sum('points_points') }} as slope
    from accounts_after
    group by cell_number
),

-- If points make the growth of the quarter after them and growth makes no points, then the growth of a quarter before t
-- goes with the points at t only as far as the points at that quarter's beginning do, times the effect.
beyond as (
    select
        before_totals.cell_number,
        before_totals.n_accounts,
        coalesce(after_totals.slope, 0e0) as effect,
        {% for k in quarters %}
        before_totals.growth_{{ k }},
        before_totals.earlier_{{ k }},
        before_totals.growth_{{ k }} - coalesce(after_totals.slope, 0e0) * before_totals.earlier_{{ k }}
            as beyond_{{ k }},
        {% endfor %}
        before_totals.denominator
    from before_totals
    left join after_totals
        on before_totals.cell_number = after_totals.cell_number
),

-- What deleting an account does to what is beyond, by each of its three parts; times the number of accounts until it is
-- summed, as in jackknife_ratio.
changes_of_parts as (
    select
        accounts_before.cell_number,
        accounts_before.account_cluster as cluster_number,
        {% for k in quarters %}
        before_totals.n_accounts * (
            accounts_before.before_points_growth_{{ k }}
            - before_totals.effect * accounts_before.before_points_earlier_{{ k }}
            - before_totals.beyond_{{ k }} * accounts_before.before_points_points
        ) / nullif({{ rest }}, 0) as deleted_{{ k }},
        {% endfor %}
        {{ share }} as point_share
    from accounts_before
    inner join beyond as before_totals
        on accounts_before.cell_number = before_totals.cell_number
    union all
    select
        accounts_after.cell_number,
        accounts_after.cluster_number,
        {% for k in quarters %}
        before_totals.n_accounts * before_totals.earlier_{{ k }} * (
            after_totals.slope * accounts_after.points_points - accounts_after.points_growth
        ) / nullif({{ effect_rest }}, 0) as deleted_{{ k }},
        {% endfor %}
        0e0 as point_share
    from accounts_after
    inner join after_totals
        on accounts_after.cell_number = after_totals.cell_number
    inner join beyond as before_totals
        on accounts_after.cell_number = before_totals.cell_number
),

changes as (
    select
        cell_number,
        cluster_number,
        {% for k in quarters %}
        sum(deleted_{{ k }}) as deleted_{{ k }},
        {% endfor %}
        max(point_share) as point_share
    from changes_of_parts
    group by cell_number, cluster_number
),

covariances as (
    select
        cell_number,
        {% for k in quarters %}
        {% for other in range(k, 5) %}
        {{ exact_sum('deleted_' ~ k ~ ' * deleted_' ~ other) }} as covariance_{{ k }}_{{ other }},
        {% endfor %}
        {% endfor %}
        1e0 / {{ exact_sum('point_share * point_share') }} as effective_clusters
    from changes
    group by cell_number
),

pivots_0 as (
    select
        covariances.cell_number,
        covariances.effective_clusters,
        greatest(covariances.effective_clusters - 1e0, 1e0) as degrees_of_freedom,
        beyond.n_accounts * beyond.beyond_1
        / sqrt(nullif((beyond.n_accounts - 1e0) / beyond.n_accounts * covariances.covariance_1_1, 0)) as lag_statistic,
        {% for k in quarters %}
        beyond.n_accounts * beyond.beyond_{{ k }} as beyond_{{ k }},
        {% for other in range(k, 5) %}
        (beyond.n_accounts - 1e0) / beyond.n_accounts * covariances.covariance_{{ k }}_{{ other }}
            as covariance_{{ k }}_{{ other }},
        {% endfor %}
        {% endfor %}
        0e0 as wald
    from covariances
    inner join beyond
        on covariances.cell_number = beyond.cell_number
),

-- The Wald statistic by elimination: each quarter adds what the ones before it do not explain, squared over its
-- variance. Null where a quarter has nothing of its own.
{% for k in quarters %}
pivots_{{ k }} as (
    select
        cell_number,
        effective_clusters,
        degrees_of_freedom,
        lag_statistic,
        {% for row in range(k + 1, 5) %}
        {% set factor = 'covariance_' ~ k ~ '_' ~ row ~ ' / nullif(covariance_' ~ k ~ '_' ~ k ~ ', 0)' %}
        beyond_{{ row }} - {{ factor }} * beyond_{{ k }} as beyond_{{ row }},
        {% for other in range(row, 5) %}
        {% set reduced = 'covariance_' ~ row ~ '_' ~ other ~ ' - ' ~ factor ~ ' * covariance_' ~ k ~ '_' ~ other %}
        {% if row == other %}
        case
            when {{ reduced }} > 1e-10 * covariance_{{ row }}_{{ row }} then {{ reduced }}
        end as covariance_{{ row }}_{{ row }},
        {% else %}
        {{ reduced }} as covariance_{{ row }}_{{ other }},
        {% endif %}
        {% endfor %}
        {% endfor %}
        wald + beyond_{{ k }} * beyond_{{ k }} / nullif(covariance_{{ k }}_{{ k }}, 0) as wald
    from pivots_{{ k - 1 }}
),

{% endfor %}
-- Hotelling's T squared of four quarters: F with four and df - 3 degrees of freedom, whose tail has a closed form.
tails as (
    select
        *,
        degrees_of_freedom / (degrees_of_freedom + wald) as z,
        greatest(degrees_of_freedom - 3e0, 1e0) as other_degrees
    from pivots_4
),

as_normal as (
    select
        *,
        {{ t_as_normal('lag_statistic', 'degrees_of_freedom') }} as y
    from tails
),

final as (
    select
        cell_number,
        'lag' as check_name,
        lag_statistic as statistic,
        {{ t_p_value('y', 'degrees_of_freedom') }} as p_value,
        effective_clusters,
        degrees_of_freedom
    from as_normal
    where lag_statistic is not null
    union all
    select
        cell_number,
        'pre_trend' as check_name,
        wald * other_degrees / (4 * degrees_of_freedom) as statistic,
        power(z, other_degrees / 2) * (1 + other_degrees / 2 * (1 - z)) as p_value,
        effective_clusters,
        degrees_of_freedom
    from as_normal
    where wald is not null
)

select * from final
