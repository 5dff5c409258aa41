{% set cell = ['month_start', 'program_type', 'dimension', 'dimension_value'] %}

with

months as (
    select * from {{ ref('nps_by_month') }}
    where
        nps_rule = 'contact_latest'
        and n_scored > 0
),

experiences as (
    select * from {{ ref('int_experience_months_summed') }}
),

satisfaction as (
    select * from experiences
    where metric = 'csat'
),

effort as (
    select * from experiences
    where metric = 'ces'
),

cells as (
    select {{ cell | join(', ') }}
    from months
    union distinct
    select {{ cell | join(', ') }}
    from experiences
),

-- Three measures side by side. Each has its own answers and its own interval; none enters another.
final as (
    select
        cells.month_start,
        cells.program_type,
        cells.dimension,
        cells.dimension_value,
        {{ as_count('coalesce(months.n_scored, 0)') }} as nps_n,
        months.nps,
        months.ci_low as nps_ci_low,
        months.ci_high as nps_ci_high,
        coalesce(months.is_reportable, false) as is_nps_reportable,
        case when months.month_start is null then 'no_answers' else months.suppression_reason end
            as nps_suppression_reason,
        {{ as_count('coalesce(satisfaction.n_scored, 0)') }} as csat_n,
        satisfaction.estimate as csat_top2,
        satisfaction.ci_low as csat_top2_ci_low,
        satisfaction.ci_high as csat_top2_ci_high,
        coalesce(satisfaction.is_reportable, false) as is_csat_reportable,
        case when satisfaction.month_start is null then 'no_answers' else satisfaction.suppression_reason end
            as csat_suppression_reason,
        {{ as_count('coalesce(effort.n_scored, 0)') }} as ces_n,
        effort.estimate as ces_mean,
        effort.ci_low as ces_mean_ci_low,
        effort.ci_high as ces_mean_ci_high,
        effort.raw_mean as ces_raw_mean,
        case when effort.month_start is not null then coalesce(effort.scale_direction, 'mixed') end as ces_direction,
        coalesce(effort.is_reportable, false) as is_ces_reportable,
        case when effort.month_start is null then 'no_answers' else effort.suppression_reason end
            as ces_suppression_reason,
        coalesce(months.is_reportable, false)
        or coalesce(satisfaction.is_reportable, false)
        or coalesce(effort.is_reportable, false) as is_reportable,
        case
            when
                not coalesce(months.is_reportable, false)
                and not coalesce(satisfaction.is_reportable, false)
                and not coalesce(effort.is_reportable, false)
                then 'none_reportable'
        end as suppression_reason
    from cells
    {% for relation in ['months', 'satisfaction', 'effort'] %}
    left join {{ relation }}
        on
            cells.month_start = {{ relation }}.month_start
            and cells.program_type = {{ relation }}.program_type
            and cells.dimension = {{ relation }}.dimension
            and cells.dimension_value = {{ relation }}.dimension_value
    {% endfor %}
)

select * from final
