with

benchmarks as (
    select * from {{ ref('nps_benchmarks') }}
),

bands as (
    select * from {{ ref('nps_band_position') }}
    where program_type = '{{ var("headline_program_type") }}'
),

schemes as (
    select distinct
        publisher,
        scheme
    from {{ ref('nps_bands') }}
    where is_general
),

-- One row, also where nobody has answered yet.
standing as (
    select
        coalesce(max(n_scored), 0) as n_scored,
        max(nps) as nps,
        max(ci_low) as ci_low,
        max(ci_high) as ci_high,
        coalesce(max(case when is_reportable then 1 else 0 end), 0) = 1 as is_reportable,
        case when count(*) = 0 then 'no_answers' else max(suppression_reason) end as suppression_reason
    from {{ ref('nps_rolling') }}
    where
        date_day = {{ as_of_date() }}
        and program_type = '{{ var("headline_program_type") }}'
        and dimension = 'all'
),

-- What compares is said in the seed, with the reason; contradictions stay side by side.
comparable as (
    select
        count(*) as n_comparable,
        min(value) as comparable_low,
        max(value) as comparable_high
    from benchmarks
    where is_comparable
),

quartiles as (
    select
        industry,
        publisher,
        max(case when statistic = 'top_quartile_min' then value end) as top_quartile_min,
        max(case when statistic = 'median' then value end) as median,
        max(case when statistic = 'bottom_quartile_max' then value end) as bottom_quartile_max
    from benchmarks
    group by industry, publisher
),

joined as (
    select
        benchmarks.*,
        schemes.scheme as band_scheme,
        bands.band,
        comparable.n_comparable,
        comparable.comparable_low,
        comparable.comparable_high,
        quartiles.top_quartile_min,
        quartiles.median,
        quartiles.bottom_quartile_max,
        standing.n_scored,
        standing.nps,
        standing.ci_low as nps_ci_low,
        standing.ci_high as nps_ci_high,
        standing.is_reportable,
        standing.suppression_reason
    from benchmarks
    cross join comparable
    cross join standing
    left join quartiles
        on
            benchmarks.industry = quartiles.industry
            and benchmarks.publisher = quartiles.publisher
    left join schemes
        on benchmarks.publisher = schemes.publisher
    left join bands
        on schemes.scheme = bands.band_scheme
),

final as (
    select
        industry,
        publisher,
        statistic,
        entity,
        entity_kind,
        source,
        cast(source_figure as {{ dbt.type_int() }}) as source_figure,
        cast(year as {{ dbt.type_int() }}) as year,
        comparability,
        is_comparable,
        cast(value as {{ float_type() }}) as benchmark_value,
        {{ as_count('n_comparable') }} as n_comparable,
        cast(comparable_low as {{ float_type() }}) as comparable_low,
        cast(comparable_high as {{ float_type() }}) as comparable_high,
        {{ as_count('n_scored') }} as n_scored,
        nps,
        nps_ci_low,
        nps_ci_high,
        nps - value as gap,
        nps_ci_low - value as ci_low,
        nps_ci_high - value as ci_high,
        band_scheme,
        band,
        case
            when not is_reportable or top_quartile_min is null then null
            when nps_ci_low >= top_quartile_min then 'top_quartile'
            when nps_ci_low > median and nps_ci_high < top_quartile_min then 'third_quartile'
            when nps_ci_low > bottom_quartile_max and nps_ci_high <= median then 'second_quartile'
            when nps_ci_high <= bottom_quartile_max then 'bottom_quartile'
            when nps_ci_low > median then 'above_median'
            when nps_ci_high <= median then 'below_median'
        end as quartile_position,
        is_reportable,
        suppression_reason
    from joined
)

select * from final
