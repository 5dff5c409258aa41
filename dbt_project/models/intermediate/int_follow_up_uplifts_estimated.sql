{% set cell = ['cell_number'] %}
{% set dimensions = var('follow_up_dimensions') %}
{% set groups = ['0'] %}
{% for dimension in dimensions %}
{% do groups.append('group_of_' ~ dimension) %}
{% endfor %}
{% set exposures, outcomes = ['attempted', 'reached'], ['retention', 'revenue'] %}

with

trials as (
    select * from {{ ref('int_landmark_trials_observed') }}
),

strata as (
    select
        stratum,
        row_number() over (order by stratum) as stratum_number
    from trials
    group by stratum
),

group_numbers as (
    select
        'all' as dimension,
        'all' as dimension_value,
        0 as group_number
    {% if dimensions %}
    union all
    select
        dimension,
        dimension_value,
        row_number() over (order by dimension, dimension_value) as group_number
    from (
        {% for dimension in dimensions %}
        select distinct
            '{{ dimension }}' as dimension,
            coalesce({{ dimension }}, 'unknown') as dimension_value
        from trials
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as values_found
    {% endif %}
),

-- Whole numbers in place of texts, by which trials are summed several times.
numbered as (
    select
        trials.*,
        {{ text_number('trials.account_id') }} as account_number,
        {% for dimension in dimensions %}
        groups_of_{{ dimension }}.group_number as group_of_{{ dimension }},
        {% endfor %}
        strata.stratum_number
    from trials
    inner join strata
        on trials.stratum = strata.stratum
    {% for dimension in dimensions %}
    inner join group_numbers as groups_of_{{ dimension }}
        on
            groups_of_{{ dimension }}.dimension = '{{ dimension }}'
            and groups_of_{{ dimension }}.dimension_value = coalesce(trials.{{ dimension }}, 'unknown')
    {% endfor %}
),

-- A cell is a group, an exposure and an outcome: four of each group.
cells as (
    {% for exposure in exposures %}
    {% set exposure_number = loop.index0 %}
    {% for outcome in outcomes %}
    select
        4 * group_number + {{ 2 * exposure_number + loop.index0 }} as cell_number,
        dimension,
        dimension_value,
        '{{ exposure }}' as exposure,
        '{{ outcome }}' as outcome
    from group_numbers
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

exposed as {{ not_materialized() }}(
    {% for group in groups %}
    {% for exposure in exposures %}
    select
        4 * {{ group }} + {{ 2 * loop.index0 }} as first_cell_number,
        is_{{ exposure }} as is_treated,
        stratum_number,
        account_number,
        is_outcome_complete,
        is_revenue_complete,
        is_retained,
        base_revenue,
        next_revenue
    from numbered
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Each account once per cell, stratum and arm: of its answers, how many were followed by a year as a customer; of its
-- revenue, how much came again.
outcomes as (
    select
        first_cell_number as cell_number,
        stratum_number,
        is_treated,
        account_number,
        count(case when is_retained then 1 end) * 1e0 as numerator,
        count(*) * 1e0 as denominator,
        count(*) as n_answers
    from exposed
    where is_outcome_complete
    group by first_cell_number, stratum_number, is_treated, account_number
    union all
    select
        first_cell_number + 1 as cell_number,
        stratum_number,
        is_treated,
        account_number,
        {{ exact_sum('cast(next_revenue as ' ~ float_type() ~ ')') }} as numerator,
        {{ exact_sum('cast(base_revenue as ' ~ float_type() ~ ')') }} as denominator,
        count(*) as n_answers
    from exposed
    where is_revenue_complete
    group by first_cell_number, stratum_number, is_treated, account_number
),

arms as (
    select
        cell_number,
        stratum_number,
        is_treated,
        count(*) as n_accounts,
        {{ exact_sum('denominator') }} as denominator
    from outcomes
    group by cell_number, stratum_number, is_treated
),

-- Like is compared with like only where each arm has at least two accounts: one that is deleted leaves another.
comparable_strata as (
    select
        cell_number,
        stratum_number,
        {{ exact_sum('denominator') }} as weight
    from arms
    group by cell_number, stratum_number
    having count(*) = 2 and min(n_accounts) > 1
),

compared as (
    select
        cell_number,
        {{ exact_sum('weight') }} as weight
    from comparable_strata
    group by cell_number
),

-- The mix of everybody: of both arms, whichever way a stratum was treated more.
parts as (
    select
        outcomes.cell_number,
        case when outcomes.is_treated then 1 else 0 end as arm_number,
        2 * outcomes.stratum_number + case when outcomes.is_treated then 1 else 0 end as part_number,
        case when outcomes.is_treated then 1 else -1 end * comparable_strata.weight / compared.weight as coefficient,
        outcomes.account_number,
        outcomes.numerator,
        outcomes.denominator,
        outcomes.n_answers,
        1 as n_clusters
    from outcomes
    inner join comparable_strata
        on
            outcomes.cell_number = comparable_strata.cell_number
            and outcomes.stratum_number = comparable_strata.stratum_number
    inner join compared
        on outcomes.cell_number = compared.cell_number
),

arm_parts as (
    select
        cell_number,
        arm_number,
        part_number,
        abs(coefficient) as coefficient,
        account_number,
        numerator,
        denominator,
        n_clusters
    from parts
),

gaps as (
    select *
    from {{ jackknife_ratio('parts', cell, part='part_number', cluster='account_number', crv1=false) }} as by_account
),

levels as (
    select *
    from {{ jackknife_ratio(
        'arm_parts', ['cell_number', 'arm_number'], part='part_number', cluster='account_number', crv1=false
    ) }} as by_account
),

arm_levels as (
    select
        cell_number,
        max(case when arm_number = 1 then estimate end) as level_treated,
        max(case when arm_number = 0 then estimate end) as level_control,
        max(case when arm_number = 1 then std_error end) as std_error_treated,
        max(case when arm_number = 0 then std_error end) as std_error_control,
        min(n_clusters) as n_fewest_accounts
    from levels
    group by cell_number
),

accounts as (
    select
        cell_number,
        account_number,
        {{ exact_sum('denominator') }} as denominator
    from parts
    group by cell_number, account_number
),

largest as (
    select
        cell_number,
        max(denominator) / {{ exact_sum('denominator') }} as top_account_share
    from accounts
    group by cell_number
),

sizes as (
    select
        cell_number,
        sum(case when is_treated then n_answers else 0 end) as n_treated,
        sum(case when is_treated then 0 else n_answers end) as n_control,
        {{ exact_sum('denominator') }} as weight
    from outcomes
    group by cell_number
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

final as (
    select
        cells.dimension,
        cells.dimension_value,
        cells.exposure,
        cells.outcome,
        {{ as_count('coalesce(sizes.n_treated, 0)') }} as n_treated,
        {{ as_count('coalesce(sizes.n_control, 0)') }} as n_control,
        {{ as_count('coalesce(arm_levels.n_fewest_accounts, 0)') }} as n_fewest_accounts,
        gaps.effective_clusters as effective_accounts,
        largest.top_account_share,
        compared.weight / sizes.weight as compared_share,
        arm_levels.level_treated,
        arm_levels.level_control,
        arm_levels.std_error_treated,
        arm_levels.std_error_control,
        gaps.estimate as gap,
        gaps.std_error,
        gaps.degrees_of_freedom,
        case
            when money.is_withheld then 'revenue_withheld'
            when sizes.n_treated is null then 'no_complete_window'
            when coalesce(arm_levels.n_fewest_accounts, 0) < {{ var('minimum_compared_accounts') }}
                then 'too_few_accounts'
            when largest.top_account_share > {{ var('maximum_top_account_share') }} then 'top_account_too_large'
            when gaps.effective_clusters < {{ var('minimum_effective_accounts') }} then 'too_few_effective_accounts'
            when gaps.std_error is null or gaps.std_error <= 1e-9 then 'no_variation'
        end as suppression_reason
    from cells
    left join sizes
        on cells.cell_number = sizes.cell_number
    left join compared
        on cells.cell_number = compared.cell_number
    left join arm_levels
        on cells.cell_number = arm_levels.cell_number
    left join largest
        on cells.cell_number = largest.cell_number
    left join gaps
        on cells.cell_number = gaps.cell_number
    cross join money
)

select * from final
