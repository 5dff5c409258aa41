{% set panels = path_panels() %}
{% set products = [] %}
{% set leverages = {} %}
{% for name, panel in panels.items() %}
{% for first, second in panel.products %}
{% do products.append(panel.prefix ~ first ~ '_' ~ second) %}
{% endfor %}
{% do leverages.update({name ~ '_leverage': name ~ '_points_points'}) %}
{% endfor %}

with

paths as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_listed') }}
),

period_effects as (
    select * from {{ ref('int_path_effects_solved') }}
),

blocks as (
    select * from {{ ref('int_value_blocks_numbered') }}
),

accounts as (
    select
        account_number,
        account_cluster,
        is_alone,
        is_settled
    from {{ ref('int_value_accounts_numbered') }}
),

{{ residual_sums('paths', 'period_effects', 'blocks', panels, var('account_dimensions'), last='sums') }},

-- Seen once in a panel, an account is not in it.
informative as (
    select
        sums.cell_number,
        sums.block_number,
        accounts.account_cluster,
        accounts.is_alone and (accounts.is_settled or sums.is_whole) as is_single,
        {% for product in products %}
        sums.{{ product }},
        {% endfor %}
        {% for name, panel in panels.items() %}
        case when sums.{{ panel.counted }} > 1 then sums.account_number end as {{ name }}_account,
        case when sums.{{ panel.counted }} > 1 then sums.{{ name }}_leverage else 0e0 end as {{ name }}_leverage,
        {% endfor %}
        sums.account_number
    from sums
    inner join accounts
        on sums.account_number = accounts.account_number
),

final as (
    {{ summed_by_cluster(
        'informative', ['cell_number', 'account_cluster'], products, leverages, ['before_account', 'after_account']
    ) }}
)

select * from final
