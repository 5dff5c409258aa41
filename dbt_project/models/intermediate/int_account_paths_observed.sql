{% set dimensions = var('account_dimensions') %}
{% set quarters = range(1, 5) %}
{% if 3 not in var('revenue_horizons_months') %}
{{ exceptions.raise_compiler_error('revenue_horizons_months must hold 3: what came first is told by quarters') }}
{% endif %}

with

-- The base of three months is the revenue of the quarter that ends.
outcomes as (
    select
        account_number,
        period_number,
        all_block,
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        account_points,
        is_fresh,
        case when is_base_complete then coalesce(base_revenue, 0e0) end as revenue
    from {{ ref('int_account_outcomes_observed') }}
    where horizon_months = 3
),

calendar as (
    select max(period_number) as last_period from outcomes
),

-- Frames count months, not rows: a quarter of which the account has no row is not in them.
windows as (
    select
        {% for k in quarters %}
        max(revenue) over (
            partition by account_number
            order by period_number
            range between {{ 3 * k }} preceding and {{ 3 * k }} preceding
        ) as earlier_revenue_{{ k }},
        max(account_points) over (
            partition by account_number
            order by period_number
            range between {{ 3 * k }} preceding and {{ 3 * k }} preceding
        ) as earlier_points_{{ k }},
        max(revenue) over (
            partition by account_number
            order by period_number
            range between {{ 3 * k }} following and {{ 3 * k }} following
        ) as later_revenue_{{ k }},
        {% endfor %}
        *
    from outcomes
),

usual as (
    select
        account_number,
        {{ exact_sum('account_points', is_small=true) }} / count(account_points) as usual_points
    from outcomes
    where account_points is not null
    group by account_number
),

-- Once the ledger knows an account, a quarter without a row is one without revenue.
filled as (
    select
        windows.account_number,
        windows.period_number,
        windows.all_block,
        {% for dimension in dimensions %}
        windows.{{ dimension }}_block,
        {% endfor %}
        windows.account_points,
        coalesce(windows.revenue, 0e0) as earlier_revenue_0,
        coalesce(windows.revenue, 0e0) as later_revenue_0,
        {% for k in quarters %}
        coalesce(windows.earlier_revenue_{{ k }}, 0e0) as earlier_revenue_{{ k }},
        coalesce(windows.later_revenue_{{ k }}, 0e0) as later_revenue_{{ k }},
        coalesce(windows.earlier_points_{{ k }}, usual.usual_points) as earlier_points_{{ k }},
        {% endfor %}
        case when windows.earlier_revenue_4 > 0 then windows.earlier_revenue_4 end as before_revenue,
        case
            when windows.revenue > 0 and windows.period_number + 12 <= calendar.last_period then windows.revenue
        end as after_revenue
    from windows
    inner join usual
        on windows.account_number = usual.account_number
    cross join calendar
    where windows.is_fresh
),

-- Growth of each quarter over the quarter before all of them, so that the quarters add up and none is divided by what
-- is left after a fall. `earlier`: the points at the beginning of the quarter, by the revenue on which they could act.
final as (
    select
        period_number,
        3 as horizon_months,
        all_block,
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        account_points,
        before_revenue,
        after_revenue,
        {% for k in quarters %}
        (earlier_revenue_{{ k - 1 }} - earlier_revenue_{{ k }}) / before_revenue as before_growth_{{ k }},
        earlier_points_{{ k }} * earlier_revenue_{{ k }} / before_revenue as before_earlier_{{ k }},
        (later_revenue_{{ k }} - later_revenue_{{ k - 1 }}) / after_revenue as after_growth_{{ k }},
        {% endfor %}
        account_number
    from filled
    where
        before_revenue is not null
        or after_revenue is not null
)

select * from final
