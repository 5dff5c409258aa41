-- A score has one band in a scheme or, where the scheme leaves a gap, none.
with

bands as (
    select * from {{ ref('nps_bands') }}
),

final as (
    select
        bands.scheme,
        bands.lower,
        others.lower as other_lower
    from bands
    inner join bands as others
        on
            bands.scheme = others.scheme
            and bands.label <> others.label
            and (
                bands.lower < others.lower
                or (bands.lower = others.lower and bands.upper < others.upper)
            )
    where
        bands.upper > others.lower
        or (bands.upper = others.lower and not bands.is_upper_open and not others.is_lower_open)
)

select * from final
