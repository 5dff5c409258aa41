with

answers as (
    select * from {{ ref('int_answers_prioritised') }}
),

last_day as (
    select max(answered_date) as answered_date
    from answers
),

heard as (
    select answers.*
    from answers
    inner join last_day
        on answers.answered_date = last_day.answered_date
),

final as (
    select
        response_id,
        account_id,
        contact_id,
        owner_id,
        program_type,
        channel,
        touchpoint,
        segment,
        buying_role,
        risk_status,
        priority_reason,
        comment_redacted,
        currency,
        cast(row_number() over (order by call_order) as {{ dbt.type_int() }}) as priority,
        priority_points,
        score,
        previous_score,
        trailing_revenue_12m,
        days_to_renewal,
        is_contacted,
        is_call_due,
        answered_date,
        answered_at
    from heard
)

select * from final
