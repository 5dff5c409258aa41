with

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

months as (
    select {{ months_spanned('first_month', 'last_month') }} as month_start
    from calendar
),

month_ends as (
    select {{ add_days(add_months('month_start', 1), -1) }} as as_of_date
    from months
),

dates as (
    select as_of_date from month_ends
    where as_of_date <= {{ as_of_date() }}
    union
    select {{ as_of_date() }} as as_of_date
    union
    select {{ add_days(as_of_date(), -var('account_window_days')) }} as as_of_date
),

final as (
    select
        as_of_date,
        {{ month_start('as_of_date') }} as month_start
    from dates
)

select * from final
