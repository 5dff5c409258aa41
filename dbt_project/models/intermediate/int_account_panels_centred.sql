{% set dimensions = var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_block'] %}
{% set main = [('points', 'account_points'), ('placebo', 'placebo_points'), ('growth', 'growth')] %}
{% set lead = [('points', 'account_points'), ('later', 'later_points'), ('growth', 'growth')] %}
{% set lead_weight = '(case when later_points is not null then base_revenue end)' %}

with

outcomes as {{ not_materialized() }}(
    select * from {{ ref('int_account_outcomes_observed') }}
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
        outcomes.period_number,
        outcomes.base_revenue,
        outcomes.account_points,
        outcomes.placebo_points,
        outcomes.later_points,
        outcomes.growth,
        outcomes.n_contacts_answered,
        outcomes.stratum_number,
        outcomes.nps_group,
        outcomes.next_revenue,
        outcomes.base_profit_12m
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
        outcomes.period_number,
        outcomes.base_revenue,
        outcomes.account_points,
        outcomes.placebo_points,
        outcomes.later_points,
        outcomes.growth,
        outcomes.n_contacts_answered,
        outcomes.stratum_number,
        outcomes.nps_group,
        outcomes.next_revenue,
        outcomes.base_profit_12m
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

means as (
    select
        {{ part | join(', ') }},
        {{ exact_sum('base_revenue') }} as weight,
        {{ exact_sum(lead_weight) }} as lead_weight,
        {% for name, value in main %}
        {{ exact_sum('base_revenue * ' ~ value) }} as {{ name }},
        {% endfor %}
        {% for name, value in lead %}
        {{ exact_sum(lead_weight ~ ' * ' ~ value) }} as lead_{{ name }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from parts
    group by {{ part | join(', ') }}
),

-- The second panel holds the rows whose account also has points at the end of
-- the window.
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
        parts.next_revenue,
        parts.base_profit_12m,
        parts.n_contacts_answered,
        means.weight as account_weight,
        means.lead_weight as account_lead_weight,
        parts.base_revenue as weight,
        case when parts.later_points is not null then parts.base_revenue end as lead_weight,
        {% for name, value in main %}
        parts.{{ value }} - means.{{ name }} / means.weight as {{ name }},
        {% endfor %}
        {% for name, value in lead %}
        case
            when parts.later_points is not null
                then parts.{{ value }} - means.lead_{{ name }} / means.lead_weight
        end as lead_{{ name }},
        {% endfor %}
        parts.account_points
    from parts
    inner join means
        on
            parts.account_number = means.account_number
            and parts.horizon_months = means.horizon_months
            and parts.part_block = means.part_block
    inner join calendar
        on
            parts.horizon_months = calendar.horizon_months
            and parts.period_number = calendar.period_number
)

select * from final
