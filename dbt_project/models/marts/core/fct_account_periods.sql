{% set horizons = var('revenue_horizons_months') %}

{#
    Everything moves when a month has ended, or when the ledger begins with another month. A month that has not ended is in no base
    and in no complete outcome, and what was answered in a quarter that has not ended is of no quarter end.
#}
{{ config(partition_by=partitioned_by_month('as_of_date'), meta={'recompute': {
    'unit': 'account_id',
    'follow': {
        'int_account_months_observed': "select account_id from {changes} where month_end <= date '{as_of}'",
        'fct_experience_responses': 'select account_id from {changes} where '
            ~ add_months(quarter_start('answered_date'), 3) ~ ' <= ' ~ add_days("date '{as_of}'", 1),
        'fct_account_revenue_months': '
            select account_id from {int_account_months_observed}
            where
                (select min(month_start) from {changes})
                <= coalesce((select min(month_start) from {fct_account_revenue_months}), date \'9999-12-31\')
        ',
        'as_of': 'select account_id from {int_account_months_observed} where '
            ~ month_start(add_days("date '{before}'", 1)) ~ ' <> ' ~ month_start(add_days("date '{now}'", 1)),
    },
}}) }}

with

account_months as (
    select
        account_id,
        month_start,
        revenue,
        profit
    from {{ ref('int_account_months_observed') }}
    {{ touched('account_id', 'where') }}
),

-- The last month of each quarter that has ended.
quarter_ends as (
    select
        *,
        {{ quarter_start('month_start') }} as quarter_start
    from {{ ref('int_account_months_observed') }}
    where
        {{ add_months('month_start', 1) }} = {{ add_months(quarter_start('month_start'), 3) }}
        and month_end <= {{ as_of_date() }}
        {{ touched('account_id') }}
),

ledger as (
    select min(month_start) as first_month
    from {{ ref('fct_account_revenue_months') }}
),

experiences as (
    select * from {{ ref('fct_experience_responses') }}
    where
        is_linked
        {{ touched('account_id') }}
),

quarters as (
    select
        account_id,
        {{ quarter_start('month_start') }} as quarter_start,
        sum(revenue) as revenue,
        sum(profit) as profit
    from account_months
    group by account_id, {{ quarter_start('month_start') }}
),

-- Horizons are whole quarters, and a frame counts quarters, not rows.
windows as (
    select
        {% for months in horizons %}
        sum(revenue) over (
            partition by account_id
            order by {{ month_index('quarter_start') }}
            range between {{ months - 3 }} preceding and current row
        ) as base_revenue_{{ months }}m,
        sum(revenue) over (
            partition by account_id
            order by {{ month_index('quarter_start') }}
            range between 3 following and {{ months }} following
        ) as next_revenue_{{ months }}m,
        {% endfor %}
        sum(profit) over (
            partition by account_id
            order by {{ month_index('quarter_start') }}
            range between 9 preceding and current row
        ) as base_profit_12m,
        account_id,
        quarter_start
    from quarters
),

-- CSAT and CES are those of the same days as the score.
experience_months as (
    select
        account_id,
        metric,
        normalised_score,
        answered_date,
        {{ add_days('answered_date', var('account_window_days') - 1) }} as standing_until,
        {{ months_spanned('answered_date', add_days('answered_date', var('account_window_days') - 1)) }}
            as standing_month
    from experiences
    {{ join_months_spanned('answered_date', add_days('answered_date', var('account_window_days') - 1)) }}
),

experience_by_quarter as (
    select
        quarter_ends.account_id,
        quarter_ends.month_end,
        {{ exact_sum("case when experience_months.metric = 'csat' then experience_months.normalised_score end") }}
        / nullif(count(case when experience_months.metric = 'csat' then 1 end), 0) as csat,
        {{ exact_sum("case when experience_months.metric = 'ces' then experience_months.normalised_score end") }}
        / nullif(count(case when experience_months.metric = 'ces' then 1 end), 0) as ces
    from quarter_ends
    inner join experience_months
        on
            quarter_ends.account_id = experience_months.account_id
            and quarter_ends.month_start = experience_months.standing_month
            and quarter_ends.month_end >= experience_months.answered_date
            and quarter_ends.month_end <= experience_months.standing_until
    group by quarter_ends.account_id, quarter_ends.month_end
),

joined as (
    select
        {% for months in horizons %}
        windows.base_revenue_{{ months }}m,
        coalesce(windows.next_revenue_{{ months }}m, 0) as next_revenue_{{ months }}m,
        {{ add_months(month_start('quarter_ends.month_end'), 1 + months) }} <= {{ add_days(as_of_date(), 1) }}
            as is_outcome_complete_{{ months }}m,
        ledger.first_month <= {{ add_months('quarter_ends.month_start', 1 - months) }}
            as is_base_complete_{{ months }}m,
        {% endfor %}
        windows.base_profit_12m,
        quarter_ends.*,
        experience_by_quarter.csat,
        experience_by_quarter.ces
    from quarter_ends
    inner join windows
        on
            quarter_ends.account_id = windows.account_id
            and quarter_ends.quarter_start = windows.quarter_start
    left join experience_by_quarter
        on
            quarter_ends.account_id = experience_by_quarter.account_id
            and quarter_ends.month_end = experience_by_quarter.month_end
    cross join ledger
),

-- What the ledger does not cover is not known, and an outcome that is not complete does not exist yet: null, never 0.
known as (
    select
        {% for months in horizons %}
        coalesce(is_base_complete_{{ months }}m, false) as is_base_complete_{{ months }}m,
        is_outcome_complete_{{ months }}m,
        cast(base_revenue_{{ months }}m as {{ money_type() }}) as base_revenue_{{ months }}m,
        cast(case when is_outcome_complete_{{ months }}m then next_revenue_{{ months }}m end as {{ money_type() }})
            as next_revenue_{{ months }}m,
        {% endfor %}
        cast(base_profit_12m as {{ money_type() }}) as base_profit_12m,
        account_id,
        month_end as as_of_date,
        segment,
        size_band,
        region,
        industry,
        {% for field in var('account_fields') %}
        {{ field }},
        {% endfor %}
        owner_id,
        nps_group,
        account_points,
        account_points_sq_sum,
        first_half_points,
        second_half_points,
        n_contacts_answered,
        n_fresh_answers,
        n_first_half_answers,
        n_invitations,
        csat,
        ces
    from joined
),

final as (
    select
        account_id,
        as_of_date,
        segment,
        size_band,
        region,
        industry,
        {% for field in var('account_fields') %}
        {{ field }},
        {% endfor %}
        owner_id,
        nps_group,
        account_points,
        account_points_sq_sum,
        first_half_points,
        second_half_points,
        {{ as_count('n_contacts_answered') }} as n_contacts_answered,
        {{ as_count('n_fresh_answers') }} as n_fresh_answers,
        {{ as_count('n_first_half_answers') }} as n_first_half_answers,
        {{ as_count('n_invitations') }} as n_invitations,
        csat,
        ces,
        '{{ var("reporting_currency") }}' as currency,
        {% for months in horizons %}
        base_revenue_{{ months }}m,
        {% endfor %}
        base_profit_12m,
        {% for months in horizons %}
        next_revenue_{{ months }}m,
        {% endfor %}
        {% for months in horizons %}
        case
            when is_base_complete_{{ months }}m and base_revenue_{{ months }}m > 0
                then
                    cast(next_revenue_{{ months }}m - base_revenue_{{ months }}m as {{ float_type() }})
                    / cast(base_revenue_{{ months }}m as {{ float_type() }})
        end as growth_{{ months }}m,
        {% endfor %}
        {% for months in horizons %}
        is_base_complete_{{ months }}m,
        {% endfor %}
        {% for months in horizons %}
        is_outcome_complete_{{ months }}m{% if not loop.last %},{% endif %}
        {% endfor %}
    from known
)

select * from final
