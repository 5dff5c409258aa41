{{ config(meta={'compared_by': 'date_day'}) }}

with

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

-- Days run on for a year, for what is booked.
days as (
    select {{ days_spanned('first_month', add_days(as_of_date(), 365)) }} as date_day
    from calendar
    {{ join_days_spanned('first_month', add_days(as_of_date(), 365)) }}
),

final as (
    select
        date_day,
        {{ month_start('date_day') }} as month_start,
        {{ quarter_start('date_day') }} as quarter_start,
        cast(extract(year from date_day) as integer) as year,
        {{ iso_week('date_day') }} as iso_week,
        {{ iso_weekday('date_day') }} in (6, 7) as is_weekend
    from days
)

select * from final
