with

answers as (
    select * from {{ ref('fct_nps_responses') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

standings as (
    select
        account_id,
        risk_status,
        percent_rank() over (order by trailing_revenue_12m nulls last) as revenue_percentile
    from {{ ref('account_nps') }}
),

follow_ups as (
    select
        response_id,
        min(first_contact_at) as first_contact_at
    from {{ ref('fct_follow_ups') }}
    group by response_id
),

comments as (
    select * from {{ ref('fct_response_comments') }}
),

rules as (
    select * from {{ ref('standup_rules') }}
),

-- The last day with answers, however long ago, and the days from which somebody may still wait for a call.
first_day as (
    select {{ least_date('max(answered_date)', add_days(as_of_date(), -var('call_list_days'))) }} as answered_date
    from answers
),

recent as (
    select answers.*
    from answers
    inner join first_day
        on answers.answered_date >= first_day.answered_date
),

comments_joined as (
    select
        comments.response_id,
        {{ joined_text(
            'comments.comment_redacted', "' / '", "case comments.question when 'reason' then 1 else 2 end"
        ) }}
            as comment_redacted
    from comments
    inner join recent
        on comments.response_id = recent.response_id
    group by comments.response_id
),

heard as (
    select
        recent.*,
        coalesce(accounts.owner_id, recent.owner_id) as current_owner_id,
        coalesce(accounts.is_active, false) as is_customer,
        standings.risk_status,
        standings.revenue_percentile,
        follow_ups.first_contact_at is not null as is_contacted,
        comments_joined.comment_redacted
    from recent
    left join accounts
        on recent.account_id = accounts.account_id
    left join standings
        on recent.account_id = standings.account_id
    left join follow_ups
        on recent.response_id = follow_ups.response_id
    left join comments_joined
        on recent.response_id = comments_joined.response_id
),

{% set statistics = {
    'score': 'score',
    'score_fall': 'previous_score - score',
    'seniority': 'seniority',
    'days_to_renewal': 'days_to_renewal',
    'revenue_percentile': 'revenue_percentile',
    'is_at_risk': "case when risk_status = 'at_risk' then 1 else 0 end",
} %}
statistics as (
    {% for statistic, expression in statistics.items() %}
    select
        response_id,
        '{{ statistic }}' as statistic,
        cast({{ expression }} as {{ float_type() }}) as statistic_value
    from heard
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

met as (
    select
        statistics.response_id,
        statistics.statistic,
        rules.points,
        rules.is_trigger,
        replace(
            rules.wording,
            '{value}',
            cast(cast(statistics.statistic_value as {{ dbt.type_int() }}) as {{ dbt.type_string() }})
        ) as wording,
        row_number() over (
            partition by statistics.response_id, statistics.statistic order by rules.points desc, rules.rule asc
        ) as place
    from statistics
    inner join rules
        on statistics.statistic = rules.statistic
    where
        (rules.comparison = 'at_least' and statistics.statistic_value >= rules.threshold)
        or (rules.comparison = 'at_most' and statistics.statistic_value <= rules.threshold)
),

-- Of rules on one statistic the one with the most points counts.
counted as (
    select
        *,
        row_number() over (
            partition by response_id
            order by case when is_trigger then 0 else 1 end asc, points desc, statistic asc
        ) as place_in_text
    from met
    where place = 1
),

-- A large account about to renew is no reason to call by itself: something must have triggered it.
reasons as (
    select
        response_id,
        sum(points) as priority_points,
        {{ joined_text('wording', "', '", 'place_in_text') }} as priority_reason
    from counted
    group by response_id
    having max(case when is_trigger then 1 else 0 end) = 1
),

judged as (
    select
        heard.response_id,
        heard.account_id,
        heard.contact_id,
        heard.current_owner_id as owner_id,
        heard.program_type,
        heard.channel,
        heard.touchpoint,
        heard.segment,
        heard.buying_role,
        heard.risk_status,
        coalesce(reasons.priority_reason, 'nothing calls for a call') as priority_reason,
        heard.comment_redacted,
        heard.currency,
        cast(coalesce(reasons.priority_points, 0) as {{ dbt.type_int() }}) as priority_points,
        heard.score,
        heard.previous_score,
        heard.trailing_revenue_12m,
        heard.days_to_renewal,
        heard.is_contacted,
        reasons.response_id is not null
        and heard.is_customer
        and not heard.is_contacted as is_call_due,
        heard.answered_date,
        heard.answered_at
    from heard
    left join reasons
        on heard.response_id = reasons.response_id
),

-- The one order in which people are called, whichever list they stand in.
final as (
    select
        *,
        cast(row_number() over (
            order by
                case when is_call_due then 0 else 1 end asc,
                priority_points desc,
                coalesce(trailing_revenue_12m, 0) desc,
                response_id asc
        ) as {{ dbt.type_int() }}) as call_order
    from judged
)

select * from final
