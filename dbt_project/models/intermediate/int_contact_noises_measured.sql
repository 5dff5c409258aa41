with

outcomes as (
    select * from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and is_fresh
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

clusters as (
    select * from {{ ref('int_company_clusters_summed') }}
    where cluster_level = 'account'
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

-- How the halves of an account's contacts move apart in fresh answers: what lasts between them is in the account's mean
-- and disturbs no slope. A cell without halves of its own has the company's, whose people answer
-- everywhere.
halves as (
    select
        cell_number,
        horizon_months,
        {{ exact_sum('halves_apart_apart') }} / nullif({{ exact_sum('halves_noise_weight') }}, 0) as contact_variance
    from clusters
    group by cell_number, horizon_months
),

company as (
    select
        halves.horizon_months,
        halves.contact_variance
    from halves
    inner join cells
        on halves.cell_number = cells.cell_number
    where cells.dimension = 'all'
),

-- Where no halves are known, how far contacts of one account are apart on one day.
final as (
    select
        summed.cell_number,
        summed.horizon_months,
        {{ as_count('summed.n_contacts_beyond_first') }} as n_contacts_beyond_first,
        coalesce(
            halves.contact_variance, company.contact_variance, summed.squares / summed.n_contacts_beyond_first
        ) as contact_variance
    from summed
    left join halves
        on
            summed.cell_number = halves.cell_number
            and summed.horizon_months = halves.horizon_months
    left join company
        on summed.horizon_months = company.horizon_months
    where summed.n_contacts_beyond_first > 0
)

select * from final
