{% set dimensions = ['all'] + var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_cell'] %}
{% set values = [
    'weight', 'weight_sq', 'points', 'placebo', 'growth',
    'lead_weight', 'lead_weight_sq', 'lead_points', 'lead_later', 'lead_growth',
] %}
{% set products = [
    ('points', 'points'), ('placebo', 'placebo'), ('growth', 'growth'), ('points', 'growth'), ('placebo', 'growth')
] %}
{% set lead_products = [
    ('points', 'points'), ('later', 'later'), ('growth', 'growth'),
    ('points', 'later'), ('points', 'growth'), ('later', 'growth')
] %}

with

deviations as (
    select
        *,
        weight * weight as weight_sq,
        lead_weight * lead_weight as lead_weight_sq
    from {{ ref('int_account_panels_centred') }}
),

calendar as (
    select distinct
        horizon_months,
        period_number
    from deviations
),

totals as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        max({{ dimension }}_cell) as {{ dimension }}_cell,
        {% endfor %}
        count(*) as n_observations,
        max(account_points) > min(account_points) as is_identifying,
        max(account_weight) as account_weight,
        coalesce(max(account_lead_weight), 0e0) as account_lead_weight,
        {% for first, second in products %}
        {{ exact_sum(first ~ ' * ' ~ second ~ ' / weight') }} as {{ first }}_{{ second }},
        {% endfor %}
        {% for first, second in lead_products %}
        coalesce({{ exact_sum('lead_' ~ first ~ ' * lead_' ~ second ~ ' / lead_weight') }}, 0e0)
            as lead_{{ first }}_{{ second }},
        {% endfor %}
        {{ exact_sum('weight / n_contacts_answered') }} as noise_weight,
        {{ exact_sum('weight * weight / n_contacts_answered') }} / max(account_weight) as noise_weight_of_mean
    from deviations
    group by {{ part | join(', ') }}
),

-- Every list has an item for every quarter end of the horizon, 0 where the account has no row: so they match.
grid as (
    select
        totals.account_number,
        totals.horizon_months,
        totals.part_cell,
        calendar.period_number
    from totals
    inner join calendar
        on totals.horizon_months = calendar.horizon_months
),

lists as (
    select
        grid.account_number,
        grid.horizon_months,
        grid.part_cell,
        {% for value in values %}
        {{ ordered_list('coalesce(deviations.' ~ value ~ ', 0e0)', 'grid.period_number') }} as {{ value }}_by_period
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from grid
    left join deviations
        on
            grid.account_number = deviations.account_number
            and grid.horizon_months = deviations.horizon_months
            and grid.part_cell = deviations.part_cell
            and grid.period_number = deviations.period_number
    group by grid.account_number, grid.horizon_months, grid.part_cell
),

final as (
    select
        totals.*,
        {% for value in values %}
        lists.{{ value }}_by_period{% if not loop.last %},{% endif %}
        {% endfor %}
    from totals
    inner join lists
        on
            totals.account_number = lists.account_number
            and totals.horizon_months = lists.horizon_months
            and totals.part_cell = lists.part_cell
)

select * from final
