{% set sides = {'main': ['points', 'placebo', 'growth'], 'lead': ['points', 'later', 'growth']} %}
{% set prefixes = {'main': '', 'lead': 'lead_'} %}

with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

calendar as (
    select distinct
        horizon_months,
        period_number,
        place,
        n_periods
    from deviations
),

-- What is left in each period once every account's own mean is taken off.
period_sums as (
    select
        {% for panel, values in sides.items() %}
        {% for value in values %}
        {{ exact_sum(prefixes[panel] ~ 'weight * ' ~ prefixes[panel] ~ value) }}
            as {{ panel }}_{{ value }},
        {% endfor %}
        {% endfor %}
        {{ exact_sum('weight') }} as main_weight,
        {{ exact_sum('lead_weight') }} as lead_weight,
        {{ grouped_cell_number() }} as cell_number,
        horizon_months,
        period_number
    from deviations
    group by {{ grouped_by_cell(['horizon_months', 'period_number']) }}
),

-- Two periods are coupled by the accounts that are in both, by as much as those weigh.
pairs as (
    select
        {{ grouped_cell_number('deviations') }} as cell_number,
        deviations.horizon_months,
        deviations.period_number,
        partners.period_number as other_period_number,
        {{ exact_sum('deviations.weight * partners.weight / deviations.account_weight') }} as main_coupling,
        {{ exact_sum('deviations.lead_weight * partners.lead_weight / deviations.account_lead_weight') }}
            as lead_coupling
    from deviations
    inner join deviations as partners
        on
            deviations.account_number = partners.account_number
            and deviations.horizon_months = partners.horizon_months
            and deviations.part_cell = partners.part_cell
            and deviations.period_number < partners.period_number
    group by
        {{ grouped_by_cell(
            ['deviations.horizon_months', 'deviations.period_number', 'partners.period_number'], 'deviations'
        ) }}
),

couplings as (
    select
        cell_number,
        horizon_months,
        period_number,
        other_period_number,
        main_coupling,
        lead_coupling
    from pairs
    union all
    select
        cell_number,
        horizon_months,
        other_period_number as period_number,
        period_number as other_period_number,
        main_coupling,
        lead_coupling
    from pairs
),

systems as (
    select
        cell_number,
        horizon_months
    from period_sums
    where cell_number is not null
    group by cell_number, horizon_months
),

-- Every period of the horizon has its line in every system; one in which the cell has nothing is coupled with nothing.
lines as (
    select
        systems.cell_number,
        systems.horizon_months,
        calendar.period_number,
        calendar.place,
        calendar.n_periods
    from systems
    inner join calendar
        on systems.horizon_months = calendar.horizon_months
),

items as (
    select
        lines.cell_number,
        lines.horizon_months,
        lines.place,
        lines.n_periods,
        calendar.place as item_place,
        coalesce(couplings.main_coupling, 0e0) as main_item,
        coalesce(couplings.lead_coupling, 0e0) as lead_item
    from lines
    inner join calendar
        on lines.horizon_months = calendar.horizon_months
    left join couplings
        on
            lines.cell_number = couplings.cell_number
            and lines.horizon_months = couplings.horizon_months
            and lines.period_number = couplings.period_number
            and calendar.period_number = couplings.other_period_number
    {% for index in range(3) %}
    union all
    select
        lines.cell_number,
        lines.horizon_months,
        lines.place,
        lines.n_periods,
        lines.n_periods + {{ index + 1 }} as item_place,
        coalesce(period_sums.main_{{ sides.main[index] }}, 0e0) as main_item,
        coalesce(period_sums.lead_{{ sides.lead[index] }}, 0e0) as lead_item
    from lines
    left join period_sums
        on
            lines.cell_number = period_sums.cell_number
            and lines.horizon_months = period_sums.horizon_months
            and lines.period_number = period_sums.period_number
    {% endfor %}
),

rows_listed as (
    select
        cell_number,
        horizon_months,
        n_periods,
        place,
        {{ ordered_list('main_item', 'item_place') }} as main_items,
        {{ ordered_list('lead_item', 'item_place') }} as lead_items
    from items
    group by cell_number, horizon_months, n_periods, place
),

matrices as (
    select
        cell_number,
        horizon_months,
        n_periods,
        {{ ordered_list('main_items', 'place') }} as main_matrix,
        {{ ordered_list('lead_items', 'place') }} as lead_matrix
    from rows_listed
    group by cell_number, horizon_months, n_periods
),

solved as (
    select
        cell_number,
        horizon_months,
        {{ solved_couplings('main_matrix', 'n_periods') }} as main_solution,
        {{ solved_couplings('lead_matrix', 'n_periods') }} as lead_solution
    from matrices
),

effects as (
    select
        {% for panel, values in sides.items() %}
        {% for value in values %}
        {{ matrix_item('solved.' ~ panel ~ '_solution', 'lines.place', 'lines.n_periods + ' ~ loop.index) }}
            as {{ panel }}_{{ value }},
        {% endfor %}
        {% endfor %}
        lines.cell_number,
        lines.horizon_months,
        lines.place,
        coalesce(1e0 / period_sums.main_weight, 0e0) as main_per_weight,
        coalesce(1e0 / period_sums.lead_weight, 0e0) as lead_per_weight
    from lines
    inner join solved
        on
            lines.cell_number = solved.cell_number
            and lines.horizon_months = solved.horizon_months
    left join period_sums
        on
            lines.cell_number = period_sums.cell_number
            and lines.horizon_months = period_sums.horizon_months
            and lines.period_number = period_sums.period_number
),

final as (
    select
        cell_number,
        horizon_months,
        {{ ordered_list('main_per_weight', 'place') }} as main_per_weight,
        {{ ordered_list('lead_per_weight', 'place') }} as lead_per_weight,
        {% for panel, values in sides.items() %}
        {% for value in values %}
        {{ ordered_list(panel ~ '_' ~ value, 'place') }} as {{ panel }}_{{ value }},
        {% for other in values[loop.index0:] %}
        {{ ordered_list(panel ~ '_' ~ value ~ ' * ' ~ panel ~ '_' ~ other, 'place') }}
            as {{ panel }}_{{ value }}_{{ other }},
        {% endfor %}
        {% endfor %}
        {% endfor %}
        count(*) as n_periods
    from effects
    group by cell_number, horizon_months
)

select * from final
