{% set panels = value_panels() %}
{% set products = [] %}
{% set beside = [] %}
{% set leverages = {} %}
{% for name, panel in panels.items() %}
{% set is_beside = name == 'lead' %}
{% for first, second in panel.products %}
{% do (beside if is_beside else products).append(panel.prefix ~ first ~ '_' ~ second) %}
{% endfor %}
{% if panel.noise %}
{% do products.append(panel.prefix ~ 'noise_weight') %}
{% endif %}
{% if not is_beside %}
{% do leverages.update({panel.prefix ~ 'leverage': panel.prefix ~ 'points_points'}) %}
{% endif %}
{% endfor %}
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
        'rows_of_families', by, products + beside, dict(leverages, lead_leverage='lead_points_points'), ['account_number']
    ) }}
),

-- What informs beside the estimates needs no error of its own at these levels.
owners_and_regions as (
    {{ summed_by_cluster('rows_of_groups', by, products, leverages, ['account_number']) }}
),

final as (
    select
        {{ by | join(', ') }},
        {% for column in products + beside %}
        {{ column }},
        {% endfor %}
        {% for leverage in leverages %}
        {{ leverage }},
        {% endfor %}
        lead_leverage,
        n_account_numbers > 1 as is_group
    from families
    union all
    select
        {{ by | join(', ') }},
        {% for product in products %}
        {{ product }},
        {% endfor %}
        {% for product in beside %}
        cast(null as {{ float_type() }}) as {{ product }},
        {% endfor %}
        {% for leverage in leverages %}
        {{ leverage }},
        {% endfor %}
        cast(null as {{ float_type() }}) as lead_leverage,
        n_account_numbers > 1 as is_group
    from owners_and_regions
)

select * from final
