{% set cell = ['month_start', 'dimension', 'dimension_value'] %}

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

stacked as (
    {{ stacked_by_dimension(
        'flagged', ['month_start', 'n_invited', 'n_answered', 'revenue'], var('account_dimensions')
    ) }}
),

final as (
    select
        {{ cell | join(', ') }},
        '{{ var("reporting_currency") }}' as currency,
        {{ var('account_window_days') }} as window_days,
        {{ as_count('count(*)') }} as n_accounts,
        {{ as_count('sum(n_invited)') }} as n_invited,
        {{ as_count('sum(n_answered)') }} as n_answered,
        cast(sum(revenue) as {{ money_type() }}) as revenue,
        cast(sum(revenue * n_invited) as {{ money_type() }}) as revenue_invited,
        cast(sum(revenue * n_answered) as {{ money_type() }}) as revenue_answered
    from stacked
    group by {{ cell | join(', ') }}
)

select * from final
