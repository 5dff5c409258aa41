{# A refund, its cancellation, and what is said of that; where a chain is longer, the lines beyond are as any other. #}
{% set levels = range(1, 4) %}
{% set in_order = 'partition by reverses_revenue_id order by first_day, revenue_id' %}

{{ config(meta={'recompute': {
    'unit': 'account_id',
    'follow': {'stg_crm__revenue': 'account_id'},
}}) }}

with

reversing as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        and reverses_revenue_id is not null
        {{ touched('account_id') }}
),

originals as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        and revenue_id in (select reversing.reverses_revenue_id from reversing)
        {{ touched('account_id') }}
),

judged as (
    select
        reversing.revenue_id,
        reversing.account_id,
        reversing.reverses_revenue_id,
        reversing.currency,
        reversing.revenue_type,
        reversing.amount,
        reversing.cost,
        reversing.period_start,
        reversing.period_end,
        case
            when originals.revenue_id is null then 'unknown_original'
            when originals.currency <> reversing.currency then 'other_currency'
            when originals.amount = 0 or reversing.amount = 0 or (originals.amount > 0) = (reversing.amount > 0)
                then 'same_sign'
        end as reason
    from reversing
    left join originals
        on
            reversing.reverses_revenue_id = originals.revenue_id
            and reversing.account_id = originals.account_id
),

-- What may be reversed: how much of a line lies on which days.
spans_0 as (
    select
        originals.revenue_id,
        originals.revenue_type,
        cast(originals.amount as {{ money_type() }}) as amount,
        originals.period_start as first_day,
        originals.period_end as last_day
    from originals
    left join judged
        on originals.revenue_id = judged.revenue_id
    where
        judged.revenue_id is null
        or judged.reason is not null
),

-- And of which amounts, each by day over a period and counted from one of its days on.
pieces_0 as (
    select
        revenue_id,
        cast(amount as {{ decimal_type(20, 4) }}) as amount,
        first_day as period_start,
        last_day as period_end,
        first_day as earned_start
    from spans_0
),

{% for level in levels %}
{% set before = level - 1 %}
begun_{{ level }} as (
    select
        judged.revenue_id,
        judged.reverses_revenue_id,
        spans.revenue_type,
        cast(judged.amount as {{ float_type() }}) as amount_wanted,
        cast(spans.amount as {{ float_type() }}) as amount_in_all,
        judged.amount,
        {{ days_between('spans.first_day', 'spans.last_day') }} + 1 as n_days_in_all,
        greatest(judged.period_start, spans.first_day) as first_day,
        spans.last_day
    from judged
    inner join spans_{{ before }} as spans
        on judged.reverses_revenue_id = spans.revenue_id
    where
        judged.reason is null
        and judged.period_start <= spans.last_day
),

wanted_{{ level }} as (
    select
        *,
        abs(amount_in_all) / n_days_in_all as amount_per_day,
        abs(amount_wanted) / ({{ days_between('first_day', 'last_day') }} + 1) as wanted_per_day,
        {{ days_between('first_day', 'last_day') }} + 1 as n_days
    from begun_{{ level }}
),

-- The earlier of several takes first, so each finds as much on every day that is left to it.
compared_{{ level }} as (
    select
        *,
        (
            amount_per_day - sum(wanted_per_day) over (
                {{ in_order }} rows between unbounded preceding and current row
            )
        ) * n_days < {{ var('reversal_of_all_within') }} * abs(amount_in_all) as is_all
    from wanted_{{ level }}
),

dated_{{ level }} as (
    select
        *,
        sum(case when is_all then 1 else 0 end) over (
            {{ in_order }} rows between unbounded preceding and current row
        ) as n_of_all
    from compared_{{ level }}
),

-- A part is spread over the days that are left. All that is left is the same amounts over the same periods with the
-- other sign, so that to the last decimal nothing remains.
pieces_{{ level }} as (
    select
        revenue_id,
        amount,
        first_day as period_start,
        last_day as period_end,
        first_day as earned_start
    from dated_{{ level }}
    where n_of_all = 0
    union all
    select
        dated.revenue_id,
        -pieces.amount as amount,
        pieces.period_start,
        pieces.period_end,
        greatest(pieces.earned_start, dated.first_day) as earned_start
    from dated_{{ level }} as dated
    inner join pieces_{{ before }} as pieces
        on dated.reverses_revenue_id = pieces.revenue_id
    where
        dated.is_all
        and dated.n_of_all = 1
    union all
    select
        dated.revenue_id,
        -parts.amount as amount,
        parts.first_day as period_start,
        parts.last_day as period_end,
        dated.first_day as earned_start
    from dated_{{ level }} as dated
    inner join dated_{{ level }} as parts
        on
            dated.reverses_revenue_id = parts.reverses_revenue_id
            and parts.n_of_all = 0
    where
        dated.is_all
        and dated.n_of_all = 1
),

measured_{{ level }} as (
    select
        revenue_id,
        cast(amount as {{ money_type() }}) as amount,
        {{ days_between('period_start', 'earned_start') }} as n_days_before,
        {{ days_between('period_start', 'period_end') }} + 1 as n_days
    from pieces_{{ level }}
),

taken_{{ level }} as (
    select
        revenue_id,
        cast(sum(amount - {{ earned_share('amount', 'n_days_before', 'n_days') }}) as {{ money_type() }}) as amount
    from measured_{{ level }}
    group by revenue_id
),

spans_{{ level }} as (
    select
        dated.revenue_id,
        dated.revenue_type,
        taken.amount,
        dated.first_day,
        dated.last_day
    from dated_{{ level }} as dated
    inner join taken_{{ level }} as taken
        on dated.revenue_id = taken.revenue_id
),

{% endfor %}
spans as (
    {% for level in levels %}
    select * from spans_{{ level }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

pieces as (
    {% for level in levels %}
    select * from pieces_{{ level }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

resolved as (
    select
        judged.*,
        spans.revenue_id is not null as is_dated,
        coalesce(spans.revenue_type, judged.revenue_type) as dated_type,
        cast(judged.amount as {{ money_type() }}) - coalesce(spans.amount, 0) as rest,
        spans.first_day,
        spans.last_day
    from judged
    left join spans
        on judged.revenue_id = spans.revenue_id
),

-- What was paid for a line is taken back over its days as the line says it, and not as the original does.
parts as (
    select
        resolved.revenue_id,
        resolved.account_id,
        resolved.currency,
        resolved.dated_type as revenue_type,
        'taken_back' as part,
        pieces.amount,
        cast(null as {{ decimal_type(20, 4) }}) as cost,
        pieces.period_start,
        pieces.period_end,
        pieces.earned_start
    from resolved
    inner join pieces
        on resolved.revenue_id = pieces.revenue_id
    union all
    select
        revenue_id,
        account_id,
        currency,
        dated_type as revenue_type,
        'cost' as part,
        0 as amount,
        cost,
        first_day as period_start,
        last_day as period_end,
        first_day as earned_start
    from resolved
    where
        is_dated
        and cost is not null
    union all
    select
        revenue_id,
        account_id,
        currency,
        revenue_type,
        'rest' as part,
        rest as amount,
        null as cost,
        period_start,
        period_start as period_end,
        period_start as earned_start
    from resolved
    where
        is_dated
        and rest <> 0
    union all
    select
        revenue_id,
        account_id,
        currency,
        revenue_type,
        coalesce(reason, 'no_days_left') as part,
        amount,
        cost,
        period_start,
        period_end,
        period_start as earned_start
    from resolved
    where not is_dated
),

final as (
    select
        revenue_id,
        row_number() over (partition by revenue_id order by period_start, period_end, earned_start, part, amount)
            as part_number,
        account_id,
        currency,
        revenue_type,
        part,
        cast(amount as {{ money_type() }}) as amount,
        cost,
        period_start,
        period_end,
        earned_start
    from parts
)

select * from final
