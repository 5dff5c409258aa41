{#
    The CTEs that add up what residual_sums() has left, by what a jackknife deletes together; the last of them `final`: one row per
    cell, horizon, level and cluster.

    `accounts` and `levels` are int_value_accounts_numbered and those of int_value_levels_weighed that are clustered. `informing` are
    panels that inform beside the estimates and need no error of their own at the levels of owners and regions: null there.
#}
{% macro clustered_sums(sums, accounts, levels, panels, informing=[]) -%}
    {%- set products = [] -%}
    {%- set beside = [] -%}
    {%- set leverages = {} -%}
    {%- set leverages_beside = {} -%}
    {%- for name, panel in panels.items() %}
    {%- for first, second in panel.products %}
    {%- do (beside if name in informing else products).append(panel.prefix ~ first ~ '_' ~ second) -%}
    {%- endfor %}
    {%- if panel.noise %}{% do products.append(panel.prefix ~ 'noise_weight') %}{% endif -%}
    {%- do (leverages_beside if name in informing else leverages).update(
        {panel.prefix ~ 'leverage': panel.prefix ~ 'points_points'}
    ) -%}
    {%- endfor %}
    {%- set by = ['cell_number', 'horizon_months', 'cluster_level', 'cluster_number'] %}
rows_of_families as {{ not_materialized() }}(
    select
        sums.*,
        accounts.is_alone and (accounts.is_settled or sums.is_whole) as is_single,
        'account' as cluster_level,
        accounts.account_cluster as cluster_number
    from {{ sums }} as sums
    inner join {{ accounts }} as accounts
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
    from {{ sums }} as sums
    inner join {{ accounts }} as accounts
        on sums.account_number = accounts.account_number
    inner join {{ levels }} as levels
        on sums.cell_number = levels.cell_number
),

families as (
    {{ summed_by_cluster(
        'rows_of_families', by, products + beside, dict(leverages, **leverages_beside), ['account_number']
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
        {% for leverage in leverages_beside %}
        {{ leverage }},
        {% endfor %}
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
        {% for leverage in leverages_beside %}
        cast(null as {{ float_type() }}) as {{ leverage }},
        {% endfor %}
        n_account_numbers > 1 as is_group
    from owners_and_regions
)
{%- endmacro %}
