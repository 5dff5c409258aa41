{% set t_limit = var('check_t_limit') %}
{% set enough = 'effective_clusters >= ' ~ var('minimum_effective_accounts') %}

with

-- What stands beside an estimate within accounts is of the same accounts, and so are its tests.
estimates as (
    select
        *,
        case when method like 'within_account%' then 'within_account' end as tested_as
    from {{ ref('int_value_estimates_gathered') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

slopes as (
    select * from {{ ref('int_value_slopes_estimated') }}
),

past_growths as (
    select
        cell_number,
        'within_account' as tested_as,
        check_name,
        case when {{ enough }} then statistic end as statistic,
        case when {{ enough }} then p_value end as p_value
    from {{ ref('int_past_growths_tested') }}
),

gaps as (
    select * from {{ ref('int_retention_gaps_estimated') }}
),

noises as (
    select * from {{ ref('int_contact_noises_measured') }}
),

-- Tests of t, wherever enough accounts stand behind the error.
tested as (
    select
        cell_number,
        horizon_months,
        regression as check_name,
        slope / nullif(std_error, 0) as statistic,
        degrees_of_freedom
    from slopes
    where
        regression = 'lead'
        and {{ enough }}
    union all
    select
        cell_number,
        horizon_months,
        path as check_name,
        estimate / nullif(std_error, 0) as statistic,
        degrees_of_freedom
    from gaps
    where
        path in ('detractor_to_passive', 'passive_to_promoter')
        and {{ enough }}
),

as_normal as (
    select
        *,
        {{ t_as_normal('statistic', 'degrees_of_freedom') }} as y
    from tested
),

judged as (
    select
        *,
        'within_account' as tested_as,
        {{ t_p_value('y', 'degrees_of_freedom') }} as p_value
    from as_normal
),

-- The step that rises least, and how likely it is where nothing rises.
smallest_steps as (
    select
        cell_number,
        horizon_months,
        min(statistic) as statistic,
        max(case when statistic > 0 then p_value / 2 else 1 - p_value / 2 end) as p_value
    from judged
    where check_name in ('detractor_to_passive', 'passive_to_promoter')
    group by cell_number, horizon_months
    having count(statistic) = 2
),

reliabilities as (
    select
        estimates.cell_number,
        estimates.method,
        estimates.path,
        estimates.horizon_months,
        1 - noises.contact_variance * estimates.noise_per_variance as statistic
    from estimates
    inner join noises
        on
            estimates.cell_number = noises.cell_number
            and estimates.sample_months = noises.horizon_months
    where estimates.noise_per_variance is not null
),

checked as (
    select
        estimates.cell_number,
        estimates.method,
        estimates.path,
        estimates.horizon_months,
        'lead' as check_name,
        judged.statistic,
        judged.p_value,
        abs(judged.statistic) <= {{ t_limit }} as is_passed,
        case
            when estimates.tested_as is null then 'not_within_accounts'
            when judged.statistic is null then 'too_few_accounts'
        end as reason,
        cast(null as {{ float_type() }}) as corrected_slope
    from estimates
    left join judged
        on
            estimates.cell_number = judged.cell_number
            and estimates.sample_months = judged.horizon_months
            and estimates.tested_as = judged.tested_as
            and judged.check_name = 'lead'
    union all
    -- One test of the cell, whatever the horizon: growth that came before the score is in the base of each.
    {% for check_name in ['lag', 'pre_trend'] %}
    select
        estimates.cell_number,
        estimates.method,
        estimates.path,
        estimates.horizon_months,
        '{{ check_name }}' as check_name,
        past_growths.statistic,
        past_growths.p_value,
        past_growths.p_value >= {{ var('check_p_limit') }} as is_passed,
        case
            when estimates.tested_as is null then 'not_within_accounts'
            when past_growths.check_name is null then 'too_few_quarters_before'
            when past_growths.statistic is null then 'too_few_accounts'
        end as reason,
        cast(null as {{ float_type() }}) as corrected_slope
    from estimates
    left join past_growths
        on
            estimates.cell_number = past_growths.cell_number
            and estimates.tested_as = past_growths.tested_as
            and past_growths.check_name = '{{ check_name }}'
    union all
    {% endfor %}
    select
        estimates.cell_number,
        estimates.method,
        estimates.path,
        estimates.horizon_months,
        'dose_response' as check_name,
        smallest_steps.statistic,
        smallest_steps.p_value,
        smallest_steps.statistic > 0 as is_passed,
        case when smallest_steps.statistic is null then 'too_few_accounts' end as reason,
        cast(null as {{ float_type() }}) as corrected_slope
    from estimates
    left join smallest_steps
        on
            estimates.cell_number = smallest_steps.cell_number
            and estimates.sample_months = smallest_steps.horizon_months
    union all
    select
        estimates.cell_number,
        estimates.method,
        estimates.path,
        estimates.horizon_months,
        'reliability' as check_name,
        reliabilities.statistic,
        cast(null as {{ float_type() }}) as p_value,
        reliabilities.statistic >= {{ var('minimum_reliability') }} as is_passed,
        case
            when estimates.path <> 'all_accounts' then 'no_slope_on_points'
            when estimates.slope is null then 'no_variation'
            when estimates.method = 'within_account_iv' then 'noise_taken_out'
            when reliabilities.statistic is null then 'one_contact_each'
        end as reason,
        -- A slope that would more than double is not corrected: then there is more noise than score.
        case
            when
                reliabilities.statistic >= {{ var('minimum_reliability') }}
                and estimates.refusal_reason is null
                then estimates.slope / reliabilities.statistic
        end as corrected_slope
    from estimates
    left join reliabilities
        on
            estimates.cell_number = reliabilities.cell_number
            and estimates.method = reliabilities.method
            and estimates.path = reliabilities.path
            and estimates.horizon_months = reliabilities.horizon_months
    union all
    select
        cell_number,
        method,
        path,
        horizon_months,
        'top_account_share' as check_name,
        top_account_share as statistic,
        cast(null as {{ float_type() }}) as p_value,
        top_account_share <= {{ var('maximum_top_account_share') }} as is_passed,
        case when top_account_share is null then 'no_accounts' end as reason,
        cast(null as {{ float_type() }}) as corrected_slope
    from estimates
    union all
    select
        estimates.cell_number,
        estimates.method,
        estimates.path,
        estimates.horizon_months,
        'group_overlap' as check_name,
        gaps.compared_share as statistic,
        cast(null as {{ float_type() }}) as p_value,
        gaps.compared_share >= {{ var('minimum_group_overlap') }} as is_passed,
        case
            when estimates.path = 'all_accounts' then 'no_groups_compared'
            when gaps.compared_share is null then 'too_few_accounts'
        end as reason,
        cast(null as {{ float_type() }}) as corrected_slope
    from estimates
    left join gaps
        on
            estimates.cell_number = gaps.cell_number
            and estimates.sample_months = gaps.horizon_months
            and estimates.path = gaps.path
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        cells.dimension,
        cells.dimension_value,
        checked.method,
        checked.path,
        checked.horizon_months,
        checked.check_name,
        case
            when checked.reason is not null then 'not_applicable'
            when checked.is_passed then 'passed'
            else 'failed'
        end as verdict,
        checked.reason,
        checked.statistic,
        checked.p_value,
        checked.corrected_slope as slope_per_point_corrected
    from checked
    inner join cells
        on checked.cell_number = cells.cell_number
)

select * from final
