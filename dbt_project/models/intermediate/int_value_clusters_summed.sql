{% set main = ['points_points', 'points_growth', 'growth_growth', 'noise_weight'] %}
{% set beside = [
    'placebo_placebo', 'placebo_growth', 'lead_points_points', 'lead_later_later', 'lead_growth_growth', 'lead_points_later',
    'lead_points_growth', 'lead_later_growth',
] %}
{% set by = ['cell_number', 'horizon_months', 'cluster_level', 'cluster_number'] %}

with

sums as {{ not_materialized() }}(
    select * from {{ ref('int_account_slopes_summed') }}
),

accounts as (
    select * from {{ ref('int_value_accounts_numbered') }}
),

levels as (
    select * from {{ ref('int_value_levels_weighed') }}
    where is_clustered
),

rows_of_families as {{ not_materialized() }}(
    select
        sums.*,
        accounts.is_single,
        'account' as cluster_level,
        accounts.account_cluster as cluster_number
    from sums
    inner join accounts
        on sums.account_number = accounts.account_number
),

rows_of_groups as {{ not_materialized() }}(
    select
        sums.*,
        levels.cluster_level,
        case levels.cluster_level
            when 'owner' then accounts.owner_cluster
            else accounts.region_cluster
        end as cluster_number,
        false as is_single
    from sums
    inner join accounts
        on sums.account_number = accounts.account_number
    inner join levels
        on sums.cell_number = levels.cell_number
),

families as (
    {{ summed_by_cluster(
        'rows_of_families', by, main + beside, {'leverage': 'points_points', 'lead_leverage': 'lead_points_points'},
        ['account_number']
    ) }}
),

-- What informs beside the estimate needs no error of its own at these levels.
owners_and_regions as (
    {{ summed_by_cluster('rows_of_groups', by, main, {'leverage': 'points_points'}, ['account_number']) }}
),

final as (
    select
        {{ by | join(', ') }},
        {% for product in main + beside %}
        {{ product }},
        {% endfor %}
        leverage,
        lead_leverage,
        n_account_numbers > 1 as is_group
    from families
    union all
    select
        {{ by | join(', ') }},
        {% for product in main %}
        {{ product }},
        {% endfor %}
        {% for product in beside %}
        cast(null as {{ float_type() }}) as {{ product }},
        {% endfor %}
        leverage,
        cast(null as {{ float_type() }}) as lead_leverage,
        n_account_numbers > 1 as is_group
    from owners_and_regions
)

select * from final
