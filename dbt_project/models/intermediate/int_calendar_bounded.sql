with

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where verdict = 'accepted'
),

invitations as (
    select * from {{ ref('stg_survey__invitations') }}
    where verdict = 'accepted'
),

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where verdict = 'accepted'
),

events as (
    select min(answered_date) as first_date from responses
    union all
    select min(sent_date) as first_date from invitations
    union all
    select min(period_start) as first_date from revenue
),

-- Where nothing has happened yet the calendar is the month of the as-of date.
final as (
    select
        {{ month_start(least_date(as_of_date(), 'min(first_date)')) }} as first_month,
        {{ month_start(as_of_date()) }} as last_month
    from events
)

select * from final
