with

bands as (
    select * from {{ ref('nps_bands') }}
),

standing as (
    select
        date_day as as_of_date,
        program_type,
        n_scored,
        nps,
        ci_low,
        ci_high,
        is_reportable,
        suppression_reason
    from {{ ref('nps_rolling') }}
    where
        date_day = {{ as_of_date() }}
        and dimension = 'all'
),

schemes as (
    select distinct
        scheme,
        source,
        year
    from bands
),

-- The band of each of three figures in each scheme; a scheme names no band where it leaves a gap.
{% for figure in ['nps', 'ci_low', 'ci_high'] %}
bands_of_{{ figure }} as (
    select
        standing.program_type,
        bands.scheme,
        bands.label
    from standing
    inner join bands
        on
            standing.{{ figure }} is not null
            and (
                (standing.{{ figure }} > bands.lower and standing.{{ figure }} < bands.upper)
                or (standing.{{ figure }} = bands.lower and not bands.is_lower_open)
                or (standing.{{ figure }} = bands.upper and not bands.is_upper_open)
            )
),

{% endfor %}
joined as (
    select
        standing.*,
        schemes.scheme,
        schemes.source,
        schemes.year,
        bands_of_nps.label as estimate_band,
        bands_of_ci_low.label as low_band,
        bands_of_ci_high.label as high_band
    from standing
    cross join schemes
    {% for figure in ['nps', 'ci_low', 'ci_high'] %}
    left join bands_of_{{ figure }}
        on
            standing.program_type = bands_of_{{ figure }}.program_type
            and schemes.scheme = bands_of_{{ figure }}.scheme
    {% endfor %}
),

final as (
    select
        as_of_date,
        program_type,
        scheme as band_scheme,
        source,
        cast(year as {{ dbt.type_int() }}) as year,
        {{ as_count('n_scored') }} as n_scored,
        nps,
        ci_low,
        ci_high,
        case when is_reportable and low_band = high_band then estimate_band end as band,
        low_band,
        high_band,
        is_reportable,
        suppression_reason
    from joined
)

select * from final
