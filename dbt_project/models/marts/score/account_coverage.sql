{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'int_account_months_observed': 'select month_start from ' ~ changed_in(
            ['account_id', 'month_start', 'revenue', 'is_customer', 'n_invitations', 'n_contacts_answered']
            + var('account_dimensions')
        ),
        'as_of': months_ended('int_account_months_observed'),
    },
    'days': rows_of_months('month_start', ['int_account_months_observed', 'this']),
}}) }}

with

-- Whole months of accounts that were customers in them.
account_months as (
    select * from {{ ref('int_account_months_observed') }}
    where
        month_end <= {{ as_of_date() }}
        and is_customer
        {{ touched('month_start') }}
),

flagged as (
    select
        *,
        case when n_invitations > 0 or n_contacts_answered > 0 then 1 else 0 end as n_invited,
        case when n_contacts_answered > 0 then 1 else 0 end as n_answered
    from account_months
),

summed as (
    {{ grouped_by_dimension(
        'flagged',
        ['month_start'],
        {
            'n_accounts': 'count(*)',
            'n_invited': 'sum(n_invited)',
            'n_answered': 'sum(n_answered)',
            'revenue': 'sum(revenue)',
            'revenue_invited': 'sum(case when n_invited = 1 then revenue else 0 end)',
            'revenue_answered': 'sum(case when n_answered = 1 then revenue else 0 end)',
        },
        var('account_dimensions'),
    ) }}
),

final as (
    select
        month_start,
        dimension,
        dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        {{ var('account_window_days') }} as window_days,
        {{ as_count('n_accounts') }} as n_accounts,
        {{ as_count('n_invited') }} as n_invited,
        {{ as_count('n_answered') }} as n_answered,
        cast(revenue as {{ money_type() }}) as revenue,
        cast(revenue_invited as {{ money_type() }}) as revenue_invited,
        cast(revenue_answered as {{ money_type() }}) as revenue_answered
    from summed
)

select * from final
