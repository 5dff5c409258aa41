with

answers as (
    select * from {{ ref('int_answers_prioritised') }}
    where is_call_due
),

waiting as (
    select
        *,
        {{ hours_between('answered_at', day_began_at(as_of_date())) }} as hours_waiting
    from answers
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
        hours_waiting,
        answered_date,
        answered_at
    from waiting
)

select * from final
