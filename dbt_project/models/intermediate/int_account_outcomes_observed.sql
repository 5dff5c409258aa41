{% set dimensions = var('account_dimensions') %}
{% set horizons = var('revenue_horizons_months') %}
{% set by_horizon = [
    'later_points', 'base_revenue', 'next_revenue', 'growth', 'is_base_complete', 'is_outcome_complete',
] %}

with

account_periods as (
    select
        *,
        cast({{ month_index('as_of_date') }} as {{ dbt.type_int() }}) as period_number
    from {{ ref('fct_account_periods') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

company as (
    select min(cell_number) as cell_number from cells
    where dimension = 'all'
),

accounts as (
    select
        account_id,
        account_number
    from {{ ref('int_value_accounts_numbered') }}
),

blocks as (
    select * from {{ ref('int_value_blocks_numbered') }}
),

account_groups as (
    select distinct
        account_owner,
        account_region,
        group_number
    from blocks
),

-- The mix to which groups are standardised, and within which accounts are compared.
strata as (
    select
        coalesce(segment, 'unknown') as segment,
        coalesce(size_band, 'unknown') as size_band,
        cast(
            row_number() over (order by coalesce(segment, 'unknown'), coalesce(size_band, 'unknown'))
            as {{ dbt.type_int() }}
        ) as stratum_number
    from account_periods
    group by coalesce(segment, 'unknown'), coalesce(size_band, 'unknown')
),

-- Every value has its cell. Outer joins, because an engine may multiply cells with each other to join them all at once.
-- Numbers alone, because an engine keeps what is read more than once.
numbered as (
    select
        accounts.account_number,
        account_periods.period_number,
        account_periods.as_of_date,
        account_periods.nps_group,
        account_periods.account_points,
        account_periods.account_points_sq_sum,
        account_periods.n_contacts_answered,
        account_periods.first_half_points,
        account_periods.second_half_points,
        account_periods.n_first_half_answers,
        account_periods.n_fresh_answers,
        -- Where nobody says how old the answers are, they count as fresh.
        account_periods.account_points is not null
        and coalesce(account_periods.n_fresh_answers, 1) > 0 as is_fresh,
        cast(account_periods.base_profit_12m as {{ float_type() }}) as base_profit_12m,
        {% for months in horizons %}
        cast(account_periods.base_revenue_{{ months }}m as {{ float_type() }}) as base_revenue_{{ months }}m,
        cast(account_periods.next_revenue_{{ months }}m as {{ float_type() }}) as next_revenue_{{ months }}m,
        account_periods.growth_{{ months }}m,
        account_periods.is_base_complete_{{ months }}m,
        account_periods.is_outcome_complete_{{ months }}m,
        {% endfor %}
        strata.stratum_number,
        {% for dimension in dimensions %}
        {{ dimension }}_cells.cell_number as {{ dimension }}_cell,
        {% endfor %}
        company.cell_number as all_cell,
        account_groups.group_number
    from account_periods
    inner join accounts
        on account_periods.account_id = accounts.account_id
    inner join account_groups
        on
            coalesce(account_periods.owner_id, 'unknown') = account_groups.account_owner
            and coalesce(account_periods.region, 'unknown') = account_groups.account_region
    inner join strata
        on
            coalesce(account_periods.segment, 'unknown') = strata.segment
            and coalesce(account_periods.size_band, 'unknown') = strata.size_band
    {% for dimension in dimensions %}
    left join cells as {{ dimension }}_cells
        on
            coalesce(account_periods.{{ dimension }}, 'unknown') = {{ dimension }}_cells.dimension_value
            and {{ dimension }}_cells.dimension = '{{ dimension }}'
    {% endfor %}
    cross join company
),

-- Within which part of its cell an account is compared.
placed as (
    select
        numbered.*,
        {% for dimension in dimensions %}
        {{ dimension }}_blocks.block_number as {{ dimension }}_block,
        {% endfor %}
        all_blocks.block_number as all_block
    from numbered
    {% for dimension in ['all'] + dimensions %}
    left join blocks as {{ dimension }}_blocks
        on
            numbered.{{ dimension }}_cell = {{ dimension }}_blocks.cell_number
            and numbered.group_number = {{ dimension }}_blocks.group_number
    {% endfor %}
),

horizons as (
    {% for months in horizons %}
    select {{ months }} as horizon_months{{ ' union all' if not loop.last }}
    {% endfor %}
),

-- The account's next answers once a horizon is over, within a year: a survey that is run once a year is compared answer
-- with answer.
answered as (
    select
        {% for months in range(horizons | min, (horizons | max) + 10, 3) %}
        max(case when is_fresh then account_points end) over (
            partition by account_number
            order by period_number
            range between {{ months }} following and {{ months }} following
        ) as points_after_{{ months }}m,
        {% endfor %}
        *
    from placed
),

joined as (
    select
        {% for months in horizons %}
        coalesce(
            points_after_{{ months }}m, points_after_{{ months + 3 }}m, points_after_{{ months + 6 }}m,
            points_after_{{ months + 9 }}m
        ) as later_points_{{ months }}m,
        {% endfor %}
        *
    from answered
),

unpivoted as (
    select
        {% for column in by_horizon %}
        case horizons.horizon_months
            {% for months in horizons %}
            when {{ months }} then joined.{{ column }}_{{ months }}m
            {% endfor %}
        end as {{ column }},
        {% endfor %}
        joined.*,
        horizons.horizon_months
    from joined
    cross join horizons
),

final as (
    select
        account_number,
        period_number,
        horizon_months,
        stratum_number,
        all_cell,
        {% for dimension in dimensions %}
        {{ dimension }}_cell,
        {% endfor %}
        all_block,
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        nps_group,
        account_points,
        -- The share of promoters among the account's people, as points: those that they would give without detractors.
        (account_points + account_points_sq_sum / nullif(n_contacts_answered, 0) / 100) / 2 as promoter_points,
        later_points,
        first_half_points,
        second_half_points,
        n_contacts_answered,
        n_first_half_answers,
        n_fresh_answers,
        account_points_sq_sum,
        base_revenue,
        next_revenue,
        base_profit_12m,
        growth,
        is_base_complete,
        is_outcome_complete,
        is_fresh,
        -- What an estimate may use: both windows whole, and something to grow from.
        is_base_complete and is_outcome_complete and base_revenue > 0 as is_usable,
        as_of_date
    from unpivoted
)

select * from final
