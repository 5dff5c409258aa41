{% set cell = ['cell_number'] %}

with

trials as (
    select * from {{ ref('int_landmark_trials_observed') }}
),

exposures as (
    select 'attempted' as exposure
    union all
    select 'reached' as exposure
),

outcomes_asked as (
    select 'retention' as outcome
    union all
    select 'revenue' as outcome
),

exposed as (
    {% for exposure in ['attempted', 'reached'] %}
    select
        *,
        '{{ exposure }}' as exposure,
        is_{{ exposure }} as is_treated
    from trials
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

stacked as (
    {{ stacked_by_dimension(
        'exposed',
        ['exposure', 'stratum', 'account_id', 'is_treated', 'is_outcome_complete', 'is_revenue_complete',
        'is_retained', 'base_revenue', 'next_revenue', 'hours_spent', 'attributed_revenue', 'landmark_month'],
        var('follow_up_dimensions')
    ) }}
),

-- Each account once per outcome, exposure, stratum and arm: of its answers, how many were followed by a year as a
-- customer; of its revenue, how much came again.
outcomes as (
    select
        dimension,
        dimension_value,
        exposure,
        'retention' as outcome,
        stratum,
        is_treated,
        account_id,
        count(case when is_retained then 1 end) * 1e0 as numerator,
        count(*) * 1e0 as denominator,
        count(*) as n_answers
    from stacked
    where is_outcome_complete
    group by dimension, dimension_value, exposure, stratum, is_treated, account_id
    union all
    select
        dimension,
        dimension_value,
        exposure,
        'revenue' as outcome,
        stratum,
        is_treated,
        account_id,
        {{ exact_sum('cast(next_revenue as ' ~ float_type() ~ ')') }} as numerator,
        {{ exact_sum('cast(base_revenue as ' ~ float_type() ~ ')') }} as denominator,
        count(*) as n_answers
    from stacked
    where is_revenue_complete
    group by dimension, dimension_value, exposure, stratum, is_treated, account_id
),

wanted as (
    select distinct
        stacked.dimension,
        stacked.dimension_value
    from stacked
    union distinct
    select
        'all' as dimension,
        'all' as dimension_value
),

cells as (
    select
        wanted.dimension,
        wanted.dimension_value,
        exposures.exposure,
        outcomes_asked.outcome,
        row_number() over (
            order by wanted.dimension, wanted.dimension_value, exposures.exposure, outcomes_asked.outcome
        ) as cell_number
    from wanted
    cross join exposures
    cross join outcomes_asked
),

strata as (
    select
        stratum,
        row_number() over (order by stratum) as stratum_number
    from outcomes
    group by stratum
),

numbered as (
    select
        cells.cell_number,
        strata.stratum_number,
        outcomes.is_treated,
        outcomes.account_id,
        outcomes.numerator,
        outcomes.denominator,
        outcomes.n_answers
    from outcomes
    inner join cells
        on
            outcomes.dimension = cells.dimension
            and outcomes.dimension_value = cells.dimension_value
            and outcomes.exposure = cells.exposure
            and outcomes.outcome = cells.outcome
    inner join strata
        on outcomes.stratum = strata.stratum
),

arms as (
    select
        cell_number,
        stratum_number,
        is_treated,
        count(*) as n_accounts,
        {{ exact_sum('denominator') }} as denominator
    from numbered
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
        numbered.cell_number,
        case when numbered.is_treated then 1 else 0 end as arm_number,
        2 * numbered.stratum_number + case when numbered.is_treated then 1 else 0 end as part_number,
        case when numbered.is_treated then 1 else -1 end * comparable_strata.weight / compared.weight as coefficient,
        numbered.account_id,
        numbered.numerator,
        numbered.denominator,
        numbered.n_answers,
        1 as n_clusters
    from numbered
    inner join comparable_strata
        on
            numbered.cell_number = comparable_strata.cell_number
            and numbered.stratum_number = comparable_strata.stratum_number
    inner join compared
        on numbered.cell_number = compared.cell_number
),

arm_parts as (
    select
        cell_number,
        arm_number,
        part_number,
        abs(coefficient) as coefficient,
        account_id,
        numerator,
        denominator,
        n_clusters
    from parts
),

gaps as (
    select *
    from {{ jackknife_ratio('parts', cell, part='part_number', cluster='account_id', crv1=false) }} as by_account
),

levels as (
    select *
    from {{ jackknife_ratio(
        'arm_parts', ['cell_number', 'arm_number'], part='part_number', cluster='account_id', crv1=false
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
        account_id,
        {{ exact_sum('denominator') }} as denominator
    from parts
    group by cell_number, account_id
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
    from numbered
    group by cell_number
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
)

select * from final
