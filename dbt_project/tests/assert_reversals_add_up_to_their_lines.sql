{{ config(meta={'recheck': {'follow': {
    'stg_crm__revenue': 'account_id',
    'int_revenue_reversals_dated': 'account_id',
}}}) }}

-- A refund is its amount, whichever days it takes back: what it takes of each piece, counted by the days that are left
-- of it, and what is over. To a millionth, for a piece is rounded to nine decimals.
with

reversing as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        and reverses_revenue_id is not null
        {{ touched('account_id') }}
),

reversals as (
    select
        *,
        cast(cast(amount as {{ float_type() }}) as {{ dbt.type_bigint() }}) as whole_amount,
        {{ days_between('earned_start', 'period_end') }} + 1 as n_days_left,
        {{ days_between('period_start', 'period_end') }} + 1 as n_days
    from {{ ref('int_revenue_reversals_dated') }}
    {{ touched('account_id', 'where') }}
),

summed as (
    select
        revenue_id,
        sum({{ whole_quotient('whole_amount', 'n_days') }} * n_days_left) as whole_amount,
        sum(
            (whole_amount % n_days + cast(amount - whole_amount as {{ float_type() }})) * n_days_left / n_days
        ) as rest_of_amount,
        sum(coalesce(cost, 0)) as cost
    from reversals
    group by revenue_id
),

final as (
    select
        coalesce(reversing.revenue_id, summed.revenue_id) as revenue_id,
        reversing.amount,
        reversing.cost,
        summed.whole_amount,
        summed.rest_of_amount,
        summed.cost as dated_cost
    from reversing
    full outer join summed
        on reversing.revenue_id = summed.revenue_id
    where
        reversing.revenue_id is null
        or summed.revenue_id is null
        or abs(cast(reversing.amount - summed.whole_amount as {{ float_type() }}) - summed.rest_of_amount) > 0.000001
        or coalesce(reversing.cost, 0) <> summed.cost
)

select * from final
