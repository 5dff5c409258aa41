with

account_periods as (
    select * from {{ ref('fct_account_periods') }}
),

stacked as (
    {{ stacked_by_dimension('account_periods', ['as_of_date'], var('account_dimensions')) }}
),

-- The company has its row, if only to be refused, also where there is no account.
values_found as (
    select distinct
        dimension,
        dimension_value
    from stacked
    union distinct
    select
        'all' as dimension,
        'all' as dimension_value
),

-- One whole number groups millions of rows several times faster than two texts.
final as (
    select
        cast(row_number() over (order by dimension, dimension_value) as {{ dbt.type_int() }}) as cell_number,
        dimension,
        dimension_value
    from values_found
)

select * from final
