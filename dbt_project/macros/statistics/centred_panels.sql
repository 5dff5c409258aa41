{#
    The CTEs that centre accounts on their own means, the last of them `final`: one row per account, horizon, part of the account's
    history and quarter end, with the weight of each panel and its values less the account's means.

    `outcomes` are those of int_account_outcomes_observed that may be used; `panels` as value_panels() has them; `dimensions` are the account dimensions beside the company by whose blocks accounts are
    centred too; `carried` are columns of theirs that go along.
#}
{% macro centred_panels(outcomes, panels, dimensions, carried) -%}
    {%- set part = ['account_number', 'horizon_months', 'part_block'] -%}
    {%- set columns = ['period_number', 'account_points'] + carried -%}
    {%- for panel in panels.values() %}
    {%- do columns.append(panel.prefix ~ 'weight') -%}
    {%- for name in panel['values'] %}{% do columns.append('own_' ~ panel.prefix ~ name) %}{% endfor -%}
    {%- if panel.noise %}{% do columns.append(panel.prefix ~ 'noise') %}{% endif -%}
    {%- endfor %}
valued as {{ not_materialized() }}(
    select
        {% for panel in panels.values() %}
        {{ panel.weight }} as {{ panel.prefix }}weight,
        {% for name, value in panel['values'].items() %}
        {{ value }} as own_{{ panel.prefix ~ name }},
        {% endfor %}
        {% if panel.noise %}
        {{ panel.noise }} as {{ panel.prefix }}noise,
        {% endif %}
        {% endfor %}
        *
    from {{ outcomes }}
),

-- The block of an account that never changed it. Null in a dimension in which it did, and in each where its block of
-- the company changed.
settled as (
    select
        {% for dimension in dimensions %}
        case
            when min(all_block) = max(all_block) and min({{ dimension }}_block) = max({{ dimension }}_block)
                then min({{ dimension }}_block)
        end as {{ dimension }}_block,
        {% endfor %}
        account_number,
        horizon_months
    from valued
    group by account_number, horizon_months
),

-- An account is centred on its own mean within a block. One that stays is the same in all of its blocks and is worked
-- out once; one that moved has a part for each block of the dimension in which it did.
parts as {{ not_materialized() }}(
    select
        valued.account_number,
        valued.horizon_months,
        valued.all_block as part_block,
        valued.all_block,
        {% for dimension in dimensions %}
        settled.{{ dimension }}_block,
        {% endfor %}
        {% for column in columns %}
        valued.{{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from valued
    inner join settled
        on
            valued.account_number = settled.account_number
            and valued.horizon_months = settled.horizon_months
    {% for dimension in dimensions %}
    union all
    select
        valued.account_number,
        valued.horizon_months,
        valued.{{ dimension }}_block as part_block,
        cast(null as {{ dbt.type_int() }}) as all_block,
        {% for other in dimensions %}
        {{ 'valued.' ~ other ~ '_block' if other == dimension else 'cast(null as ' ~ dbt.type_int() ~ ')' }}
            as {{ other }}_block,
        {% endfor %}
        {% for column in columns %}
        valued.{{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from valued
    inner join settled
        on
            valued.account_number = settled.account_number
            and valued.horizon_months = settled.horizon_months
    where settled.{{ dimension }}_block is null
    {% endfor %}
),

calendar as (
    select
        horizon_months,
        period_number,
        cast(row_number() over (partition by horizon_months order by period_number) as {{ dbt.type_int() }}) as place,
        cast(count(*) over (partition by horizon_months) as {{ dbt.type_int() }}) as n_periods
    from valued
    group by horizon_months, period_number
),

{% set sums = [] %}
{% for panel in panels.values() %}
{% do sums.append((panel.prefix ~ 'weight', panel.prefix ~ 'weight')) %}
{% for name in panel['values'] %}
{% do sums.append((panel.prefix ~ 'weight * own_' ~ panel.prefix ~ name, panel.prefix ~ name)) %}
{% endfor %}
{% endfor %}
totals as (
    select
        {% for sum, name in sums %}
        {{ exact_sum(sum, is_small=true) }} as total_{{ name }},
        {% endfor %}
        {{ part | join(', ') }}
    from parts
    group by {{ part | join(', ') }}
),

-- A row that is not in a panel has no weight and no deviations there.
final as (
    select
        parts.account_number,
        parts.horizon_months,
        parts.part_block,
        parts.all_block,
        {% for dimension in dimensions %}
        parts.{{ dimension }}_block,
        {% endfor %}
        parts.period_number,
        calendar.place,
        calendar.n_periods,
        {% for column in carried %}
        parts.{{ column }},
        {% endfor %}
        {% for panel in panels.values() %}
        {% set weight = 'parts.' ~ panel.prefix ~ 'weight' %}
        {% set total = 'totals.total_' ~ panel.prefix %}
        {{ weight }},
        {{ total ~ 'weight' }} as account_{{ panel.prefix }}weight,
        {% if panel.noise %}
        case when {{ weight }} is not null then {{ 'parts.' ~ panel.prefix ~ 'noise' }} end as {{ panel.prefix }}noise,
        {% endif %}
        {% for name in panel['values'] %}
        case
            when {{ weight }} is not null
                then {{ 'parts.own_' ~ panel.prefix ~ name }} - {{ total ~ name }} / {{ total ~ 'weight' }}
        end as {{ panel.prefix ~ name }},
        {% endfor %}
        {% endfor %}
        parts.account_points
    from parts
    inner join totals
        on
            parts.account_number = totals.account_number
            and parts.horizon_months = totals.horizon_months
            and parts.part_block = totals.part_block
    inner join calendar
        on
            parts.horizon_months = calendar.horizon_months
            and parts.period_number = calendar.period_number
)
{%- endmacro %}
