{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'account_id',
    'follow': {
        'stg_crm__revenue': 'account_id',
        'int_revenue_reversals_dated': 'account_id',
        'int_exchange_rates_filled': '
            select revenue.account_id from {stg_crm__revenue} as revenue
            inner join {changes} as changes
                on
                    revenue.currency = changes.currency
                    and revenue.period_end >= changes.month_start
                    and revenue.period_start < ' ~ add_months('changes.month_start', 1) ~ '
        ',
    },
}}) }}

with

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        and reverses_revenue_id is null
        {{ touched('account_id') }}
),

reversals as (
    select * from {{ ref('int_revenue_reversals_dated') }}
    {{ touched('account_id', 'where') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_filled') }}
),

lines as {{ not_materialized() }}(
    select
        account_id,
        revenue_type,
        currency,
        amount,
        cost,
        period_start,
        period_end,
        period_start as earned_start
    from revenue
    union all
    select
        account_id,
        revenue_type,
        currency,
        cast(amount as {{ decimal_type(20, 4) }}) as amount,
        cost,
        period_start,
        period_end,
        earned_start
    from reversals
    where part <> 'rest'
),

-- Most lines are of one month, and are that month's as they stand.
within_a_month as (
    select
        account_id,
        revenue_type,
        currency,
        amount,
        cost,
        {{ month_start('period_start') }} as month_start
    from lines
    where
        {{ month_start('period_start') }} = {{ month_start('period_end') }}
        and period_start = earned_start
),

converted_within_a_month as (
    select
        within_a_month.account_id,
        within_a_month.revenue_type,
        within_a_month.month_start,
        {{ converted_money('within_a_month.amount', 'within_a_month.currency', 'rates.rate') }} as revenue,
        {{ converted_money('within_a_month.cost', 'within_a_month.currency', 'rates.rate') }} as cost
    from within_a_month
    inner join rates
        on
            within_a_month.currency = rates.currency
            and within_a_month.month_start = rates.month_start
),

spread as (
    select
        account_id,
        revenue_type,
        currency,
        amount,
        cost,
        period_start,
        period_end,
        earned_start,
        {{ months_spanned('earned_start', 'period_end') }} as month_start
    from lines
    {{ join_months_spanned('earned_start', 'period_end') }}
    where
        {{ month_start('period_start') }} < {{ month_start('period_end') }}
        or period_start < earned_start
),

-- The whole line at the rate of the month, before it is divided: nine decimals of the reporting currency are rounded,
-- however many of its units one of the line's own is worth.
converted_spread as (
    select
        spread.account_id,
        spread.revenue_type,
        spread.month_start,
        {{ converted_money('spread.amount', 'spread.currency', 'rates.rate') }} as amount,
        {{ converted_money('spread.cost', 'spread.currency', 'rates.rate') }} as cost,
        {{ days_between('spread.period_start', 'spread.period_end') }} + 1 as n_days,
        {{ days_between('spread.period_start', 'greatest(spread.month_start, spread.earned_start)') }} as n_days_before,
        {{ days_between(
            'spread.period_start',
            least_date(add_months('spread.month_start', 1), add_days('spread.period_end', 1))
        ) }} as n_days_through
    from spread
    inner join rates
        on
            spread.currency = rates.currency
            and spread.month_start = rates.month_start
),

-- What a refund leaves over when all is taken back has more decimals than an amount of a line. It is converted in two
-- parts, for the product of all of it and a rate has more digits than a decimal.
rests as (
    select
        account_id,
        revenue_type,
        currency,
        cast(amount as {{ decimal_type(20, 4) }}) as amount,
        cast(amount - cast(amount as {{ decimal_type(20, 4) }}) as {{ decimal_type(12, 9) }}) as amount_beyond,
        {{ month_start('period_start') }} as month_start
    from reversals
    where part = 'rest'
),

converted_rests as (
    select
        rests.account_id,
        rests.revenue_type,
        rests.month_start,
        {{ converted_money('rests.amount', 'rests.currency', 'rates.rate') }}
        + {{ converted_money('rests.amount_beyond', 'rests.currency', 'rates.rate') }} as revenue,
        cast(null as {{ money_type() }}) as cost
    from rests
    inner join rates
        on
            rests.currency = rates.currency
            and rests.month_start = rates.month_start
),

-- What was earned through the month's end less what was earned before it: the parts of a line add up to it exactly.
earned as (
    select
        account_id,
        revenue_type,
        month_start,
        revenue,
        cost
    from converted_within_a_month
    union all
    select
        account_id,
        revenue_type,
        month_start,
        revenue,
        cost
    from converted_rests
    union all
    select
        account_id,
        revenue_type,
        month_start,
        cast(
            {{ earned_share('amount', 'n_days_through', 'n_days') }}
            - {{ earned_share('amount', 'n_days_before', 'n_days') }} as {{ money_type() }}
        ) as revenue,
        cast(
            {{ earned_share('cost', 'n_days_through', 'n_days') }}
            - {{ earned_share('cost', 'n_days_before', 'n_days') }} as {{ money_type() }}
        ) as cost
    from converted_spread
),

summed as (
    select
        account_id,
        month_start,
        revenue_type,
        cast(sum(revenue) as {{ money_type() }}) as revenue,
        cast(coalesce(sum(cost), 0) as {{ money_type() }}) as cost
    from earned
    group by account_id, month_start, revenue_type
),

final as (
    select
        account_id,
        month_start,
        revenue_type,
        '{{ var("reporting_currency") }}' as currency,
        revenue,
        cost,
        cast(revenue - cost as {{ money_type() }}) as profit
    from summed
)

select * from final
