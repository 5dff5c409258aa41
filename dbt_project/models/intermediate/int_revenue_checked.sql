{% set text = dbt.type_string() %}

with

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where verdict in ('accepted', 'quarantined')
),

rates as (
    select * from {{ ref('stg_finance__exchange_rates') }}
    where verdict = 'accepted'
),

reversals as (
    select * from {{ ref('int_revenue_reversals_dated') }}
),

accounts as (
    select
        account_id,
        {{ local_date('created_at') }} as created_date
    from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

-- What a foreign amount weighs: at the newest rate of its currency, and as it stands where there is none.
newest_rates as (
    select
        currency,
        rate,
        row_number() over (partition by currency order by month_start desc) as place
    from rates
),

weights as (
    select
        currency,
        cast(rate as {{ float_type() }}) as rate
    from newest_rates
    where
        place = 1
        and currency <> '{{ var("reporting_currency") }}'
),

-- Rates to another currency than the reporting one give the reporting currency a rate of its own.
other_base as (
    select count(*) as n_rates from rates
    where
        currency = '{{ var("reporting_currency") }}'
        and abs(cast(rate as {{ float_type() }}) - 1) > 0.01
),

sums as (
    select
        revenue.quarantine_reason,
        revenue.currency,
        revenue.is_currency_given,
        revenue.has_three_decimals,
        coalesce(abs(revenue.amount) >= 1000, false) as is_large,
        coalesce(revenue.amount <> floor(revenue.amount), false) as has_fraction,
        revenue.amount is null as is_unread,
        coalesce(
            revenue.quarantine_reason is null and revenue.period_end < {{ add_days('accounts.created_date', -30) }},
            false
        ) as is_before_account,
        count(*) as n_rows,
        sum(abs(revenue.amount)) as amount,
        min(revenue.revenue_id) as example_key
    from revenue
    left join accounts
        on revenue.account_id = accounts.account_id
    group by
        revenue.quarantine_reason,
        revenue.currency,
        revenue.is_currency_given,
        revenue.has_three_decimals,
        coalesce(abs(revenue.amount) >= 1000, false),
        coalesce(revenue.amount <> floor(revenue.amount), false),
        revenue.amount is null,
        coalesce(
            revenue.quarantine_reason is null and revenue.period_end < {{ add_days('accounts.created_date', -30) }},
            false
        )
),

weighed as (
    select
        sums.*,
        coalesce(cast(sums.amount as {{ float_type() }}) * coalesce(weights.rate, 1), 0) as weight
    from sums
    left join weights
        on sums.currency = weights.currency
),

total as (
    select
        coalesce(sum(n_rows), 0) as n_rows,
        coalesce({{ exact_sum('weight') }}, 0) as weight
    from weighed
),

by_reason as (
    select
        quarantine_reason,
        sum(n_rows) as n_flagged,
        sum(case when is_unread then n_rows else 0 end) as n_unread,
        {{ exact_sum('weight') }} as weight_flagged,
        min(example_key) as example_key
    from weighed
    where quarantine_reason is not null
    group by quarantine_reason
),

-- Of a period that ends on the day on which the next of the same account and kind begins, one day is paid for twice.
periods as (
    select
        account_id,
        revenue_type,
        period_start,
        period_end,
        min(revenue_id) as revenue_id,
        count(*) as n_lines
    from revenue
    where
        verdict = 'accepted'
        and period_end > period_start
    group by account_id, revenue_type, period_start, period_end
),

starts as (
    select distinct
        account_id,
        revenue_type,
        period_start
    from periods
),

followed_periods as (
    select
        coalesce(sum(case when starts.period_start = periods.period_end then periods.n_lines end), 0) as n_touching,
        coalesce(sum(periods.n_lines), 0) as n_following,
        min(case when starts.period_start = periods.period_end then periods.revenue_id end) as example_key
    from periods
    inner join starts
        on
            periods.account_id = starts.account_id
            and periods.revenue_type = starts.revenue_type
            and (
                periods.period_end = starts.period_start
                or {{ add_days('periods.period_end', 1) }} = starts.period_start
            )
),

grouped_amounts as (
    select
        coalesce(sum(case when has_three_decimals and not is_large then n_rows end), 0) as n_three,
        coalesce(sum(case when is_large then n_rows end), 0) as n_large,
        coalesce(sum(case when has_fraction and not has_three_decimals then n_rows end), 0) as n_other_fractions,
        coalesce(sum(n_rows), 0) as n_rows,
        {{ exact_sum('case when has_three_decimals then weight end') }} as weight_three,
        min(case when has_three_decimals then example_key end) as example_key
    from weighed
    where currency not in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')
),

without_currency as (
    select
        coalesce(sum(case when not is_currency_given then n_rows end), 0) as n_flagged,
        {{ exact_sum('case when not is_currency_given then weight end') }} as weight_flagged,
        min(case when not is_currency_given then example_key end) as example_key
    from weighed
),

before_account as (
    select
        coalesce(sum(case when is_before_account then n_rows end), 0) as n_flagged,
        {{ exact_sum('case when is_before_account then weight end') }} as weight_flagged,
        min(case when is_before_account then example_key end) as example_key
    from weighed
),

-- A line that is not dated has one part, and that says why.
reversing_lines as (
    select
        revenue_id,
        part,
        part in ('unknown_original', 'other_currency', 'same_sign', 'no_days_left') as is_flagged
    from reversals
    where part_number = 1
),

undated as (
    select
        count(*) as n_rows,
        coalesce(sum(case when is_flagged then 1 end), 0) as n_flagged,
        coalesce(sum(case when part = 'unknown_original' then 1 end), 0) as n_without_original,
        min(case when is_flagged then revenue_id end) as example_key
    from reversing_lines
),

checked as (
    select
        'amounts_accepted' as check_name,
        by_reason.quarantine_reason as subject,
        total.n_rows,
        by_reason.n_flagged,
        total.weight,
        by_reason.weight_flagged,
        {{ check_verdict(
            'by_reason.weight_flagged > ' ~ var('maximum_quarantined_amount') ~ ' * total.weight'
            ~ ' or by_reason.n_unread > ' ~ var('maximum_quarantined_amount') ~ ' * total.n_rows'
        ) }} as verdict,
        concat(
            cast(by_reason.n_flagged as {{ text }}), ' lines (',
            {{ percent_text('by_reason.weight_flagged / nullif(total.weight, 0)') }},
            ' of the amount) are set aside as ', by_reason.quarantine_reason, ' and are in no month. ',
            case by_reason.quarantine_reason
                when 'unknown_account'
                    then 'Send their accounts too; for one that was merged, say into which in merged_into_id.'
                when 'unknown_currency' then 'Add the rates of their currency and months to exchange_rates.'
                when 'amount_not_a_number' then 'Write amounts with digits and a decimal point alone.'
                else 'quality.quarantined_rows in the build file has them.'
            end
        ) as message,
        by_reason.example_key
    from by_reason
    cross join total
    union all
    select
        'periods_follow' as check_name,
        'all' as subject,
        followed_periods.n_following as n_rows,
        followed_periods.n_touching as n_flagged,
        cast(null as {{ float_type() }}) as weight,
        cast(null as {{ float_type() }}) as weight_flagged,
        {{ check_verdict(
            'followed_periods.n_touching > 0.5 * followed_periods.n_following and followed_periods.n_touching >= 20',
            'followed_periods.n_touching > 0.01 * followed_periods.n_following and followed_periods.n_touching >= '
            ~ var('minimum_flagged_answers'),
        ) }} as verdict,
        case
            when followed_periods.n_touching = 0 then 'No period ends on the day on which the next one begins.'
            else concat(
                    cast(followed_periods.n_touching as {{ text }}), ' of ',
                    cast(followed_periods.n_following as {{ text }}),
                    ' periods end on the day on which the next begins. period_end is the last day itself: ',
                    'whoever left keeps the revenue of one day in another month, and counts as retained. ',
                    'If the ledger gives the day after, say revenue_period_end: exclusive.'
                )
        end as message,
        followed_periods.example_key
    from followed_periods
    union all
    select
        'amounts_not_in_thousands' as check_name,
        'all' as subject,
        n_rows,
        n_three as n_flagged,
        cast(null as {{ float_type() }}) as weight,
        weight_three as weight_flagged,
        {{ check_verdict('n_three >= 10 and n_three >= 0.5 * n_rows and n_large = 0 and n_other_fractions = 0') }}
            as verdict,
        case
            when n_three = 0 then 'No amount has exactly three decimals.'
            else concat(
                    cast(n_three as {{ text }}), ' of ', cast(n_rows as {{ text }}),
                    ' amounts have exactly three decimals. ',
                    'If the point parts the thousands, each is a thousandth of what it was. Write amounts without it.'
                )
        end as message,
        example_key
    from grouped_amounts
    where n_rows > 0
    union all
    select
        'currencies_given' as check_name,
        'all' as subject,
        total.n_rows,
        without_currency.n_flagged,
        total.weight,
        without_currency.weight_flagged,
        {{ check_verdict(
            'other_base.n_rates > 0 and without_currency.weight_flagged > ' ~ var('maximum_quarantined_amount')
            ~ ' * total.weight'
        ) }} as verdict,
        case
            when other_base.n_rates > 0
                then concat(
                        cast(without_currency.n_flagged as {{ text }}), ' lines have no currency and are taken for ',
                        '{{ var("reporting_currency") }}, but exchange_rates has rates to another currency. ',
                        'Say the currency of each line, and give rates in {{ var("reporting_currency") }} per unit.'
                    )
            else concat(
                    cast(without_currency.n_flagged as {{ text }}),
                    ' lines have no currency and are taken for {{ var("reporting_currency") }}.'
                )
        end as message,
        without_currency.example_key
    from without_currency
    cross join total
    cross join other_base
    union all
    select
        'revenue_since_account' as check_name,
        'all' as subject,
        total.n_rows,
        before_account.n_flagged,
        total.weight,
        before_account.weight_flagged,
        {{ check_verdict('false', 'before_account.weight_flagged > 0.1 * total.weight') }} as verdict,
        concat(
            cast(before_account.n_flagged as {{ text }}), ' lines (',
            coalesce({{ percent_text('before_account.weight_flagged / nullif(total.weight, 0)') }}, '0.0 %'),
            ' of the amount) end over a month before their account was created. ',
            'created_at may be the day of a move to another CRM; tenure and segments of new accounts are then wrong.'
        ) as message,
        before_account.example_key
    from before_account
    cross join total
    union all
    select
        'reversals_dated' as check_name,
        'all' as subject,
        n_rows,
        n_flagged,
        cast(null as {{ float_type() }}) as weight,
        cast(null as {{ float_type() }}) as weight_flagged,
        {{ check_verdict('false', 'n_flagged > ' ~ var('tolerated_undated_reversals') ~ ' * n_rows') }} as verdict,
        case
            when n_flagged = 0 then 'Every refund takes back days of the line that it names.'
            else concat(
                    cast(n_flagged as {{ text }}), ' of ', cast(n_rows as {{ text }}),
                    ' lines with reverses_revenue_id take back no days of another line (',
                    cast(n_without_original as {{ text }}), ' name a line that is not there). ',
                    'They lower the months of their own period, and the refunded customer looks retained. ',
                    'Name the original line of the same account and currency.'
                )
        end as message,
        example_key
    from undated
    where n_rows > 0
),

final as (
    select
        check_name,
        subject,
        verdict,
        message,
        example_key,
        {{ as_count('n_rows') }} as n_rows,
        {{ as_count('n_flagged') }} as n_flagged,
        cast(weight as {{ float_type() }}) as amount,
        cast(coalesce(weight_flagged, 0) as {{ float_type() }}) as amount_flagged
    from checked
)

select * from final
