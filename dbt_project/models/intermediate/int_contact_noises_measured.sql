with

outcomes as (
    select * from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and account_points is not null
),

summed as (
    select
        {{ grouped_cell_number() }} as cell_number,
        horizon_months,
        sum(n_contacts_answered - 1) as n_contacts_beyond_first,
        {{ exact_sum('account_points_sq_sum - n_contacts_answered * account_points * account_points') }} as squares
    from outcomes
    group by {{ grouped_by_cell(['horizon_months']) }}
),

-- How far contacts of one account are apart on one day: the variance of one answer around its account's points.
final as (
    select
        cell_number,
        horizon_months,
        {{ as_count('n_contacts_beyond_first') }} as n_contacts_beyond_first,
        squares / n_contacts_beyond_first as contact_variance
    from summed
    where n_contacts_beyond_first > 0
)

select * from final
