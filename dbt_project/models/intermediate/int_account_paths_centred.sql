{% set dimensions = var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_block'] %}
{% set values = {
    'before': [
        'growth_1', 'growth_2', 'growth_3', 'growth_4', 'earlier_1', 'earlier_2', 'earlier_3', 'earlier_4',
    ],
    'after': ['growth_1', 'growth_2', 'growth_3', 'growth_4'],
} %}

with

paths as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_observed') }}
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
        account_number
    from paths
    group by account_number
),

-- As in int_account_panels_centred: an account has a part for each block of a dimension in which it moved.
parts as {{ not_materialized() }}(
    {% for part_dimension in ['all'] + dimensions %}
    select
        {% for dimension in ['all'] + dimensions %}
        {% if part_dimension == 'all' %}
        {{ 'paths.all_block' if dimension == 'all' else 'settled.' ~ dimension ~ '_block as ' ~ dimension ~ '_block' }},
        {% else %}
        {{ 'paths.' ~ dimension ~ '_block' if dimension == part_dimension else 'cast(null as ' ~ dbt.type_int() ~ ')' }}
            as {{ dimension }}_block,
        {% endif %}
        {% endfor %}
        paths.{{ part_dimension }}_block as part_block,
        paths.account_number,
        paths.horizon_months,
        paths.period_number,
        paths.account_points,
        {% for panel, columns in values.items() %}
        {% for column in columns %}
        paths.{{ panel }}_{{ column }},
        {% endfor %}
        paths.{{ panel }}_weight{% if not loop.last %},{% endif %}
        {% endfor %}
    from paths
    inner join settled
        on paths.account_number = settled.account_number
    {% if part_dimension != 'all' %}
    where settled.{{ part_dimension }}_block is null
    {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

calendar as (
    select
        period_number,
        cast(row_number() over (order by period_number) as {{ dbt.type_int() }}) as place,
        cast(count(*) over () as {{ dbt.type_int() }}) as n_periods
    from paths
    group by period_number
),

means as (
    select
        {{ part | join(', ') }},
        {% for panel, columns in values.items() %}
        {{ exact_sum(panel ~ '_weight') }} as {{ panel }}_weight,
        {{ exact_sum(panel ~ '_weight * account_points') }} as {{ panel }}_points,
        {% for column in columns %}
        {{ exact_sum(panel ~ '_weight * ' ~ panel ~ '_' ~ column) }} as {{ panel }}_{{ column }},
        {% endfor %}
        count({{ panel }}_weight) as n_{{ panel }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from parts
    group by {{ part | join(', ') }}
),

final as (
    select
        {% for dimension in ['all'] + dimensions %}
        parts.{{ dimension }}_block,
        {% endfor %}
        parts.horizon_months,
        parts.part_block,
        parts.period_number,
        calendar.place,
        calendar.n_periods,
        {% for panel, columns in values.items() %}
        means.{{ panel }}_weight as account_{{ panel }}_weight,
        means.n_{{ panel }},
        parts.{{ panel }}_weight,
        case
            when parts.{{ panel }}_weight is not null
                then parts.account_points - means.{{ panel }}_points / means.{{ panel }}_weight
        end as {{ panel }}_points,
        {% for column in columns %}
        parts.{{ panel }}_{{ column }} - means.{{ panel }}_{{ column }} / means.{{ panel }}_weight
            as {{ panel }}_{{ column }},
        {% endfor %}
        {% endfor %}
        parts.account_number
    from parts
    inner join means
        on
            parts.account_number = means.account_number
            and parts.horizon_months = means.horizon_months
            and parts.part_block = means.part_block
    inner join calendar
        on parts.period_number = calendar.period_number
)

select * from final
