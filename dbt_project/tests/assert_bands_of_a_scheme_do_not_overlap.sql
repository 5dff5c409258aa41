-- A score has one band in a scheme or, where the scheme leaves a gap, none.
with

bands as (
    select * from {{ ref('nps_bands') }}
),

final as (
    select
        bands.scheme,
        bands.lower,
        later_bands.lower as later_lower
    from bands
    inner join bands as later_bands
        on
            bands.scheme = later_bands.scheme
            and bands.label <> later_bands.label
            and (
                bands.lower < later_bands.lower
                or (bands.lower = later_bands.lower and bands.upper < later_bands.upper)
            )
    where
        bands.upper > later_bands.lower
        or (bands.upper = later_bands.lower and not bands.is_upper_open and not later_bands.is_lower_open)
)

select * from final
