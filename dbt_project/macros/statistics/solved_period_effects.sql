{#
    The CTEs behind period effects of two-way fixed effects, the last of them `final`: one row per block and horizon.

    `deviations` is a relation with one row per account, part of its history, horizon and period: `account_number`,
    `part_block`, `horizon_months`, `period_number`, `place` (of the period among the `n_periods` of the horizon), the blocks of
    grouped_by_cell(), and for each panel `<prefix>weight` (null where the row is not in it), `account_<prefix>weight` (its sum
    over the account's part) and the values, each less the account's mean.

    `dimensions` are those by whose blocks the effects are solved, beside the company's own blocks.

    `panels` gives by the name of each panel its `prefix`, `values` and `products`, pairs of values of which products are wanted.
    Out come lists over the periods: `<panel>_per_weight`, `<panel>_<value>`, and of each pair the products of the effects.
#}
{% macro solved_period_effects(deviations, panels, dimensions) -%}
    {%- set widths = [] -%}
    {%- for panel in panels.values() %}{% do widths.append(panel['values'] | length) %}{% endfor -%}
calendar as (
    select distinct
        horizon_months,
        period_number,
        place,
        n_periods
    from {{ deviations }}
),

-- What is left in each period once every account's own mean is taken off.
period_sums as (
    select
        {% for name, panel in panels.items() %}
        {% for value in panel['values'] %}
        {{ exact_sum(panel.prefix ~ 'weight * ' ~ panel.prefix ~ value, is_small=true) }} as {{ name }}_{{ value }},
        {% endfor %}
        {{ exact_sum(panel.prefix ~ 'weight', is_small=true) }} as {{ name }}_weight,
        {% endfor %}
        {{ grouped_cell_number(unit='block', dimensions=dimensions) }} as block_number,
        horizon_months,
        period_number
    from {{ deviations }}
    group by {{ grouped_by_cell(['horizon_months', 'period_number'], unit='block', dimensions=dimensions) }}
),

-- Two periods are coupled by the accounts that are in both, by as much as those weigh.
pairs as (
    select
        {{ grouped_cell_number('deviations', 'block', dimensions) }} as block_number,
        deviations.horizon_months,
        deviations.period_number,
        {% for name, panel in panels.items() %}
        {% set weight = panel.prefix ~ 'weight' %}
        {% set coupling = 'deviations.' ~ weight ~ ' * partners.' ~ weight ~ ' / deviations.account_' ~ weight %}
        {{ exact_sum(coupling, is_small=true) }} as {{ name }}_coupling,
        {% endfor %}
        partners.period_number as other_period_number
    from {{ deviations }} as deviations
    inner join {{ deviations }} as partners
        on
            deviations.account_number = partners.account_number
            and deviations.horizon_months = partners.horizon_months
            and deviations.part_block = partners.part_block
            and deviations.period_number < partners.period_number
    group by
        {{ grouped_by_cell(
            ['deviations.horizon_months', 'deviations.period_number', 'partners.period_number'], 'deviations', 'block',
            dimensions
        ) }}
),

couplings as (
    select
        block_number,
        horizon_months,
        period_number,
        {% for name in panels %}
        {{ name }}_coupling,
        {% endfor %}
        other_period_number
    from pairs
    union all
    select
        block_number,
        horizon_months,
        other_period_number as period_number,
        {% for name in panels %}
        {{ name }}_coupling,
        {% endfor %}
        period_number as other_period_number
    from pairs
),

systems as (
    select
        block_number,
        horizon_months
    from period_sums
    where block_number is not null
    group by block_number, horizon_months
),

-- Every period of the horizon has its line in every system; one in which the block has nothing is coupled with nothing.
lines as (
    select
        systems.block_number,
        systems.horizon_months,
        calendar.period_number,
        calendar.place,
        calendar.n_periods
    from systems
    inner join calendar
        on systems.horizon_months = calendar.horizon_months
),

-- A panel with fewer values than another has right sides of 0 in their place.
items as (
    select
        lines.block_number,
        lines.horizon_months,
        lines.place,
        lines.n_periods,
        {% for name in panels %}
        coalesce(couplings.{{ name }}_coupling, 0e0) as {{ name }}_item,
        {% endfor %}
        calendar.place as item_place
    from lines
    inner join calendar
        on lines.horizon_months = calendar.horizon_months
    left join couplings
        on
            lines.block_number = couplings.block_number
            and lines.horizon_months = couplings.horizon_months
            and lines.period_number = couplings.period_number
            and calendar.period_number = couplings.other_period_number
    {% for index in range(widths | max) %}
    union all
    select
        lines.block_number,
        lines.horizon_months,
        lines.place,
        lines.n_periods,
        {% for name, panel in panels.items() %}
        {% set item = 'coalesce(period_sums.' ~ name ~ '_' ~ (panel['values'] | list)[index] ~ ', 0e0)' %}
        {{ item if index < panel['values'] | length else '0e0' }} as {{ name }}_item,
        {% endfor %}
        lines.n_periods + {{ index + 1 }} as item_place
    from lines
    left join period_sums
        on
            lines.block_number = period_sums.block_number
            and lines.horizon_months = period_sums.horizon_months
            and lines.period_number = period_sums.period_number
    {% endfor %}
),

rows_listed as (
    select
        block_number,
        horizon_months,
        n_periods,
        {% for name in panels %}
        {{ ordered_list(name ~ '_item', 'item_place') }} as {{ name }}_items,
        {% endfor %}
        place
    from items
    group by block_number, horizon_months, n_periods, place
),

matrices as (
    select
        block_number,
        horizon_months,
        {% for name in panels %}
        {{ ordered_list(name ~ '_items', 'place') }} as {{ name }}_matrix,
        {% endfor %}
        n_periods
    from rows_listed
    group by block_number, horizon_months, n_periods
),

solved as (
    select
        block_number,
        {% for name in panels %}
        {{ solved_couplings(name ~ '_matrix', 'n_periods') }} as {{ name }}_solution,
        {% endfor %}
        horizon_months
    from matrices
),

effects as (
    select
        {% for name, panel in panels.items() %}
        {% for value in panel['values'] %}
        {{ matrix_item('solved.' ~ name ~ '_solution', 'lines.place', 'lines.n_periods + ' ~ loop.index) }}
            as {{ name }}_{{ value }},
        {% endfor %}
        coalesce(1e0 / nullif(period_sums.{{ name }}_weight, 0), 0e0) as {{ name }}_per_weight,
        {% endfor %}
        lines.block_number,
        lines.horizon_months,
        lines.place
    from lines
    inner join solved
        on
            lines.block_number = solved.block_number
            and lines.horizon_months = solved.horizon_months
    left join period_sums
        on
            lines.block_number = period_sums.block_number
            and lines.horizon_months = period_sums.horizon_months
            and lines.period_number = period_sums.period_number
),

-- A product of 0 and something negative is -0, and DuckDB, where it takes one for constant, may say so of a whole column or
-- not; to both, adding 0 gives 0.
final as (
    select
        block_number,
        horizon_months,
        {% for name, panel in panels.items() %}
        {{ ordered_list(name ~ '_per_weight', 'place') }} as {{ name }}_per_weight,
        {% for value in panel['values'] %}
        {{ ordered_list(name ~ '_' ~ value, 'place') }} as {{ name }}_{{ value }},
        {% endfor %}
        {% for first, second in panel.products %}
        {{ ordered_list(name ~ '_' ~ first ~ ' * ' ~ name ~ '_' ~ second ~ ' + 0e0', 'place') }}
            as {{ name }}_{{ first }}_{{ second }},
        {% endfor %}
        {% endfor %}
        count(*) as n_periods
    from effects
    group by block_number, horizon_months
)
{%- endmacro %}
