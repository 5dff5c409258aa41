{% set dimensions = var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_block'] %}
{% set panels = value_panels() %}
{% set carried = [
    'period_number', 'base_revenue', 'account_points', 'stratum_number', 'nps_group', 'next_revenue', 'base_profit_12m',
] %}
{% for panel in panels.values() %}
{% do carried.append(panel.prefix ~ 'weight') %}
{% for name in panel['values'] %}
{% do carried.append('own_' ~ panel.prefix ~ name) %}
{% endfor %}
{% if panel.noise %}
{% do carried.append(panel.prefix ~ 'noise') %}
{% endif %}
{% endfor %}

with

outcomes as {{ not_materialized() }}(
    select
        {% for panel in panels.values() %}
        {{ panel.weight }} as {{ panel.prefix }}weight,
        {% for name, value in panel['values'].items() %}
        {{ value }} as own_{{ panel.prefix ~ name }},
        {% endfor %}
        {% if panel.noise %}
        {{ panel.noise }} as {{ panel.prefix }}noise,
        {% endif %}
        {% endfor %}
        *
    from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and account_points is not null
),

-- The block of an account that never changed it. Null in a dimension in which it did, and in each where its block of
-- the company changed.
settled as (
    select
        {% for dimension in dimensions %}
        case
            when min(all_block) = max(all_block) and min({{ dimension }}_block) = max({{ dimension }}_block)
                then min({{ dimension }}_block)
        end as {{ dimension }}_block,
        {% endfor %}
        account_number,
        horizon_months
    from outcomes
    group by account_number, horizon_months
),

-- An account is centred on its own mean within a block. One that stays is the same in all of its blocks and is worked
-- out once; one that moved has a part for each block of the dimension in which it did.
parts as {{ not_materialized() }}(
    select
        outcomes.account_number,
        outcomes.horizon_months,
        outcomes.all_block as part_block,
        outcomes.all_block,
        {% for dimension in dimensions %}
        settled.{{ dimension }}_block,
        {% endfor %}
        {% for column in carried %}
        outcomes.{{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from outcomes
    inner join settled
        on
            outcomes.account_number = settled.account_number
            and outcomes.horizon_months = settled.horizon_months
    {% for dimension in dimensions %}
    union all
    select
        outcomes.account_number,
        outcomes.horizon_months,
        outcomes.{{ dimension }}_block as part_block,
        cast(null as {{ dbt.type_int() }}) as all_block,
        {% for other in dimensions %}
        {{ 'outcomes.' ~ other ~ '_block' if other == dimension else 'cast(null as ' ~ dbt.type_int() ~ ')' }}
            as {{ other }}_block,
        {% endfor %}
        {% for column in carried %}
        outcomes.{{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from outcomes
    inner join settled
        on
            outcomes.account_number = settled.account_number
            and outcomes.horizon_months = settled.horizon_months
    where settled.{{ dimension }}_block is null
    {% endfor %}
),

calendar as (
    select
        horizon_months,
        period_number,
        cast(row_number() over (partition by horizon_months order by period_number) as {{ dbt.type_int() }}) as place,
        cast(count(*) over (partition by horizon_months) as {{ dbt.type_int() }}) as n_periods
    from outcomes
    group by horizon_months, period_number
),

{% set sums = [] %}
{% for panel in panels.values() %}
{% do sums.append((panel.prefix ~ 'weight', panel.prefix ~ 'weight')) %}
{% for name in panel['values'] %}
{% do sums.append((panel.prefix ~ 'weight * own_' ~ panel.prefix ~ name, panel.prefix ~ name)) %}
{% endfor %}
{% endfor %}
totals as (
    select
        {% for sum, name in sums %}
        {{ exact_sum(sum) }} as total_{{ name }},
        {% endfor %}
        {{ part | join(', ') }}
    from parts
    group by {{ part | join(', ') }}
),

-- A row that is not in a panel has no weight and no deviations there.
final as (
    select
        parts.account_number,
        parts.horizon_months,
        parts.part_block,
        parts.all_block,
        {% for dimension in dimensions %}
        parts.{{ dimension }}_block,
        {% endfor %}
        parts.period_number,
        calendar.place,
        calendar.n_periods,
        parts.stratum_number,
        parts.nps_group,
        parts.base_revenue,
        parts.next_revenue,
        parts.base_profit_12m,
        {% for panel in panels.values() %}
        {% set weight = 'parts.' ~ panel.prefix ~ 'weight' %}
        {% set total = 'totals.total_' ~ panel.prefix %}
        {{ weight }},
        {{ total ~ 'weight' }} as account_{{ panel.prefix }}weight,
        {% if panel.noise %}
        case when {{ weight }} is not null then {{ 'parts.' ~ panel.prefix ~ 'noise' }} end as {{ panel.prefix }}noise,
        {% endif %}
        {% for name in panel['values'] %}
        case
            when {{ weight }} is not null
                then {{ 'parts.own_' ~ panel.prefix ~ name }} - {{ total ~ name }} / {{ total ~ 'weight' }}
        end as {{ panel.prefix ~ name }},
        {% endfor %}
        {% endfor %}
        parts.account_points
    from parts
    inner join totals
        on
            parts.account_number = totals.account_number
            and parts.horizon_months = totals.horizon_months
            and parts.part_block = totals.part_block
    inner join calendar
        on
            parts.horizon_months = calendar.horizon_months
            and parts.period_number = calendar.period_number
)

select * from final
