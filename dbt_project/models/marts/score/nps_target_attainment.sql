{% set period = ['program_type', 'period_start', 'period_after'] %}

{{ config(meta={'recompute': {
    'unit': 'period',
    'follow': {
        'fct_nps_responses': '
            select period from {this}
            where exists (select 1 from {changes} where answered_date between period_start and period_end)
        ',
        'as_of': "
            select period from {this}
            where period_end between least(date '{before}', date '{now}') and greatest(date '{before}', date '{now}')
        ",
    },
    'days': rows_of_days('period', ['this'], 'period_start', 'period_end'),
}}) }}

with

target_rows as (
    select * from {{ ref('nps_targets') }}
),

answers as (
    select * from {{ ref('fct_nps_responses') }}
),

-- A period is a year (2026), a quarter (2026-Q1) or a month (2026-03); an entity the company, or dimension=value.
-- assert_every_target_can_be_scored holds what is written to that.
named as (
    select
        entity,
        coalesce(program_type, '{{ var("headline_program_type") }}') as program_type,
        cast(period as {{ dbt.type_string() }}) as period,
        cast(low as {{ float_type() }}) as target_low,
        cast(high as {{ float_type() }}) as target_high,
        source,
        cast(substring(cast(period as {{ dbt.type_string() }}), 1, 4) || '-01-01' as date) as year_start,
        case
            when length(cast(period as {{ dbt.type_string() }})) = 4 then 'year'
            when substring(cast(period as {{ dbt.type_string() }}), 6, 1) = 'Q' then 'quarter'
            else 'month'
        end as period_kind,
        case when entity = 'company' then 'all' else substring(entity, 1, {{ dbt.position("'='", 'entity') }} - 1) end
            as dimension,
        case when entity = 'company' then 'all' else substring(entity, {{ dbt.position("'='", 'entity') }} + 1) end
            as dimension_value
    from target_rows
    {{ touched('cast(period as ' ~ dbt.type_string() ~ ')', 'where') }}
),

placed as (
    select
        *,
        case period_kind
            when 'year' then 0
            when 'quarter' then 3 * (cast(substring(period, 7, 1) as {{ dbt.type_int() }}) - 1)
            when 'month' then cast(substring(period, 6, 2) as {{ dbt.type_int() }}) - 1
        end as n_months_before,
        case period_kind when 'year' then 12 when 'quarter' then 3 else 1 end as n_months
    from named
),

targets as (
    select
        *,
        {{ add_months('year_start', 'n_months_before') }} as period_start,
        {{ add_months('year_start', 'n_months_before + n_months') }} as period_after,
        row_number() over (order by entity, program_type, period) as target_number
    from placed
),

periods as (
    select distinct {{ period | join(', ') }}
    from targets
),

ranked as (
    select
        answers.*,
        periods.period_start,
        periods.period_after,
        row_number() over (
            partition by answers.program_type, periods.period_start, periods.period_after, answers.respondent_id
            order by answers.answered_at desc, answers.response_id desc
        ) as answer_rank
    from answers
    inner join periods
        on
            answers.program_type = periods.program_type
            and answers.answered_date >= periods.period_start
            and answers.answered_date < periods.period_after
),

-- Before any slicing: the last answer of each person in the period.
latest as (
    select * from ranked
    where answer_rank = 1
),

counted as (
    {% for dimension in ['all'] + var('answer_dimensions') %}
    {% if not loop.first %}
    union all
    {% endif %}
    select
        targets.target_number,
        latest.cluster_id,
        latest.nps_category,
        latest.nps_points
    from latest
    inner join targets
        on
            latest.program_type = targets.program_type
            and latest.period_start = targets.period_start
            and latest.period_after = targets.period_after
            and targets.dimension = '{{ dimension }}'
            {% if dimension != 'all' %}
            and coalesce(latest.{{ dimension }}, 'unknown') = targets.dimension_value
            {% endif %}
    {% endfor %}
),

clusters as (
    select
        target_number,
        cluster_id,
        sum(nps_points) as numerator,
        count(*) as denominator,
        1 as n_clusters
    from counted
    group by target_number, cluster_id
),

counts as (
    select
        target_number,
        count(*) as n_scored,
        count(case when nps_category = 'promoter' then 1 end) as n_promoters,
        count(case when nps_category = 'passive' then 1 end) as n_passives,
        count(case when nps_category = 'detractor' then 1 end) as n_detractors
    from counted
    group by target_number
),

scored as (
    select
        targets.*,
        coalesce(counts.n_scored, 0) as n_scored,
        coalesce(counts.n_promoters, 0) as n_promoters,
        coalesce(counts.n_passives, 0) as n_passives,
        coalesce(counts.n_detractors, 0) as n_detractors,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        coalesce(ratios.n_clusters, 0) = coalesce(counts.n_scored, 0) as is_one_answer_each
    from targets
    left join counts
        on targets.target_number = counts.target_number
    left join {{ jackknife_ratio('clusters', ['target_number'], crv1=false) }} as ratios
        on targets.target_number = ratios.target_number
),

sure as (
    select
        *,
        {{ score_interval_columns() }}
    from scored
),

-- Met and missed are said where chance alone does not explain the gap to the low end of the range.
final as (
    select
        entity,
        program_type,
        dimension,
        dimension_value,
        period,
        period_start,
        {{ add_days('period_after', -1) }} as period_end,
        source,
        case
            when period_after > {{ add_days(as_of_date(), 1) }} then 'open'
            when ci_low is null then 'not_enough_data'
            when ci_low >= target_low then 'met'
            when ci_high < target_low then 'missed'
            else 'within_margin'
        end as status,
        target_low,
        target_high,
        {{ as_count('n_scored') }} as n_scored,
        nps,
        ci_low as nps_ci_low,
        ci_high as nps_ci_high,
        nps - target_low as gap,
        ci_low - target_low as ci_low,
        ci_high - target_low as ci_high,
        ci_method,
        is_reportable,
        suppression_reason
    from sure
)

select * from final
