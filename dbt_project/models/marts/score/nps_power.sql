{% set next_quarter = quarter_start(add_days(as_of_date(), 1)) %}
{% set dimensions_of_accounts = "('" ~ (['all'] + var('account_dimensions')) | join("', '") ~ "')" %}
{# As errors_seen, where t is normal. #}
{% set normal_errors = '(' ~ var('interval_z') ~ 'e0 + 0.8416212335729143e0)' %}

with

-- The last answer of each person in each of the last four whole quarters, as quarters are compared elsewhere.
answers as (
    select
        *,
        {{ quarter_start('month_start') }} as quarter_start,
        {{ text_number('cluster_id') }} as cluster_number
    from {{ ref('fct_nps_responses') }}
    where
        is_last_of_quarter
        and month_start >= {{ add_months(next_quarter, -12) }}
        and month_start < {{ next_quarter }}
),

cells as (
    select * from {{ ref('int_nps_cells_numbered') }}
),

point_values as (
    select * from {{ ref('nps_point_value') }}
    where
        method = 'within_account'
        and path = 'all_accounts'
        and horizon_months = 12
),

changes as (
    select * from {{ ref('int_nps_changes_estimated') }}
    where
        comparison = 'quarter_on_quarter'
        and period_to >= {{ add_months(next_quarter, -9) }}
        and period_to < {{ next_quarter }}
        and std_error > 1e-9
),

-- A quarter in which nobody was asked is compared with nothing.
programs as (
    select
        program_type,
        count(distinct quarter_start) as n_quarters
    from answers
    group by program_type
),

numbered as (
    {{ with_cell_numbers('answers', ['quarter_start', 'cluster_number', 'nps_points']) }}
),

stacked as (
    {{ numbered_by_dimension('numbered', ['quarter_start', 'cluster_number', 'nps_points']) }}
),

-- Two quarters are compared as if they were independent, so an account is a cluster of its own in each.
clusters as (
    select
        cell_number,
        quarter_start,
        cluster_number,
        {{ as_count('sum(nps_points)') }} as points_sum,
        {{ as_count('sum(nps_points * nps_points)') }} as points_sq_sum,
        {{ as_count('count(*)') }} as n_answers
    from stacked
    group by cell_number, quarter_start, cluster_number
),

-- Clusters that are alike are counted, not listed.
classes as (
    select
        cell_number,
        points_sum as numerator,
        n_answers as denominator,
        count(*) as n_clusters,
        min(cluster_number) as first_cluster,
        max(cluster_number) as last_cluster,
        sum(points_sq_sum) as points_sq_sum
    from clusters
    group by cell_number, points_sum, n_answers
),

ratios as (
    select * from {{ jackknife_ratio('classes', ['cell_number'], crv1=false) }} as by_account
),

sums as (
    select
        cell_number,
        sum(denominator * n_clusters) as n_answers,
        sum(points_sq_sum) as points_sq_sum,
        max(denominator) = 1 as is_one_answer_each,
        min(first_cluster) = max(last_cluster) as is_one_account
    from classes
    group by cell_number
),

-- The variance of the change from one quarter to the next, account by account, over what one answer a side adds to it.
paired as (
    select
        program_type,
        'all' as dimension,
        {{ exact_sum('std_error * std_error') }} / {{ exact_sum('1e0 / n_from + 1e0 / n_to') }} as paired_variance,
        {{ exact_sum('degrees_of_freedom') }} / count(*) as paired_degrees_of_freedom
    from changes
    group by program_type
),

measured as (
    select
        cells.program_type,
        cells.dimension,
        cells.dimension_value,
        ratios.std_error,
        paired.paired_variance,
        paired.paired_degrees_of_freedom,
        sums.is_one_answer_each,
        sums.is_one_account,
        coalesce(sums.n_answers, 0) as n_answers,
        coalesce(programs.n_quarters, 0) as n_quarters,
        greatest(sums.points_sq_sum * 1e0 / sums.n_answers - ratios.estimate * ratios.estimate, 0e0) as variance,
        -- Half an answer counts as one.
        floor(coalesce(sums.n_answers, 0) * 1e0 / coalesce(programs.n_quarters, 1) + 0.5e0) as n_scored,
        ratios.effective_clusters / programs.n_quarters as effective_n,
        greatest(ratios.effective_clusters / programs.n_quarters - 1e0, 1e0) as degrees_of_freedom
    from cells
    left join programs
        on cells.program_type = programs.program_type
    left join sums
        on cells.cell_number = sums.cell_number
    left join ratios
        on cells.cell_number = ratios.cell_number
    left join paired
        on
            cells.program_type = paired.program_type
            and cells.dimension = paired.dimension
),

-- Where no account answered twice in a quarter, answers are independent, as they are for the intervals of scores.
designed as (
    select
        *,
        case
            when is_one_answer_each then 1e0
            else std_error * std_error * n_answers / nullif(variance, 0)
        end as design_effect,
        case
            when is_one_answer_each then {{ normal_errors }}
            else {{ errors_seen('degrees_of_freedom') }}
        end as errors_seen
    from measured
),

-- By the normal quantiles first: they say how many accounts so many answers come from, and these which quantiles of t.
planned as (
    select
        *,
        errors_seen * sqrt(2 * variance * design_effect / nullif(n_scored, 0)) as smallest_change_seen,
        {{ errors_seen('paired_degrees_of_freedom') }} * sqrt(2 * paired_variance / nullif(n_scored, 0))
            as smallest_paired_change_seen,
        2 * variance * design_effect * {{ normal_errors }} * {{ normal_errors }} / 25 as normal_answers
    from designed
),

foreseen as (
    select
        *,
        greatest(effective_n * normal_answers / nullif(n_scored, 0) - 1e0, 1e0) as degrees_of_freedom_needed
    from planned
),

judged as (
    select
        *,
        case
            when is_one_answer_each then normal_answers
            else
                normal_answers
                * power({{ errors_seen('degrees_of_freedom_needed') }} / {{ normal_errors }}, 2)
        end as answers_needed,
        -- The first reason that applies; no change is larger than from -100 to 100.
        case
            when n_answers = 0 then 'no_answers'
            when n_scored < {{ var('minimum_scored_answers') }} then 'suppressed'
            when is_one_account then 'one_account'
            when variance <= 0 or std_error <= 1e-9 then 'no_variation'
            when smallest_change_seen > 200 then 'beyond_the_scale'
            when n_scored < {{ var('reportable_scored_answers') }} then 'low_sample'
        end as suppression_reason
    from foreseen
),

valued as (
    select
        judged.*,
        judged.suppression_reason is null or judged.suppression_reason = 'low_sample' as is_given,
        case
            when judged.program_type <> '{{ var("headline_program_type") }}' then 'other_program'
            when judged.dimension not in {{ dimensions_of_accounts }} then 'not_of_accounts'
            when point_values.dimension is null then 'no_accounts'
            when point_values.refusal_reason is not null then point_values.refusal_reason
            when point_values.slope_std_error <= 0 then 'no_variation'
        end as value_suppression_reason,
        point_values.value_per_point,
        point_values.n_accounts,
        point_values.slope_std_error * point_values.base_revenue * {{ errors_seen('point_values.degrees_of_freedom') }}
            as smallest_value_seen
    from judged
    left join point_values
        on
            judged.dimension = point_values.dimension
            and judged.dimension_value = point_values.dimension_value
),

told as (
    select
        *,
        case
            when value_suppression_reason is null
                then n_accounts * power(smallest_value_seen / nullif(value_per_point, 0), 2)
        end as accounts_needed
    from valued
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        program_type,
        dimension,
        dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        suppression_reason,
        value_suppression_reason,
        case when is_given then smallest_change_seen end as smallest_change_seen,
        case when is_given then smallest_paired_change_seen end as smallest_paired_change_seen,
        case when is_given then sqrt(variance) end as points_std_dev,
        case when is_given then design_effect end as design_effect,
        case when is_given then effective_n end as effective_n,
        case when value_suppression_reason is null then smallest_value_seen end as smallest_value_seen,
        {{ as_count('n_scored') }} as n_scored,
        {{ as_count('n_quarters') }} as n_quarters,
        {{ as_count('case when is_given then ceil(answers_needed) end') }} as answers_for_5_points,
        -- An estimate of next to nothing takes more accounts than there are customers on earth.
        {{ as_count('case when accounts_needed < 1e10 then ceil(accounts_needed) end') }} as accounts_for_value,
        suppression_reason is null as is_reportable
    from told
)

select * from final
