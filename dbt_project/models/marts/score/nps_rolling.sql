with

answers as (
    select * from {{ ref('int_nps_answers_ranked') }}
    where standing_from is not null
),

cells as (
    select * from {{ ref('int_nps_cells_numbered') }}
),

calendar as (
    select date_day from {{ ref('dim_dates') }}
),

stacked as (
    {{ numbered_by_dimension(
        'answers',
        [
            'cluster_number', 'nps_points', 'is_promoter', 'is_detractor', 'is_standing_alone', 'standing_from',
            'standing_until',
        ],
    ) }}
),

-- An answer enters on its first day and leaves on the day after its last.
cell_changes as (
    select
        cell_number,
        standing_from as date_day,
        count(*) as n_scored,
        sum(is_promoter) as n_promoters,
        sum(is_detractor) as n_detractors
    from stacked
    group by cell_number, standing_from
    union all
    select
        cell_number,
        {{ add_days('standing_until', 1) }} as date_day,
        -count(*) as n_scored,
        -sum(is_promoter) as n_promoters,
        -sum(is_detractor) as n_detractors
    from stacked
    group by cell_number, standing_until
),

cell_changes_by_day as (
    select
        cell_number,
        date_day,
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors
    from cell_changes
    group by cell_number, date_day
),

cell_spans as (
    select
        cell_number,
        date_day as first_day,
        {% for count in ['n_scored', 'n_promoters', 'n_detractors'] %}
        sum({{ count }}) over (partition by cell_number order by date_day) as {{ count }},
        {% endfor %}
        lead(date_day) over (partition by cell_number order by date_day) as next_day
    from cell_changes_by_day
),

-- A row for every day from the cell's first answer on, also where nothing stands.
counts as (
    select
        cell_number,
        n_scored,
        n_promoters,
        n_detractors,
        {{ days_spanned('first_day', least_date(as_of_date(), add_days('next_day', -1))) }} as date_day
    from cell_spans
    where first_day <= {{ as_of_date() }}
),

several_answers as (
    select * from stacked
    where not is_standing_alone
),

cluster_changes as (
    select
        cell_number,
        cluster_number,
        standing_from as date_day,
        nps_points,
        1 as n
    from several_answers
    union all
    select
        cell_number,
        cluster_number,
        {{ add_days('standing_until', 1) }} as date_day,
        -nps_points as nps_points,
        -1 as n
    from several_answers
),

cluster_changes_by_day as (
    select
        cell_number,
        cluster_number,
        date_day,
        sum(nps_points) as points_change,
        sum(n) as n_change
    from cluster_changes
    group by cell_number, cluster_number, date_day
),

-- What stands of each account after each change: a running sum, so the work is linear in answers.
states as (
    select
        cell_number,
        date_day,
        sum(points_change) over (partition by cell_number, cluster_number order by date_day) as points,
        sum(n_change) over (partition by cell_number, cluster_number order by date_day) as n,
        points_change,
        n_change
    from cluster_changes_by_day
),

-- Accounts alike in points and answers are counted, not listed: a change takes an account from one class to another.
class_changes as (
    select
        cell_number,
        cast(points as {{ dbt.type_int() }}) as numerator,
        cast(n as {{ dbt.type_int() }}) as denominator,
        date_day,
        count(*) as change
    from states
    where n > 0
    group by cell_number, points, n, date_day
    union all
    select
        cell_number,
        cast(points - points_change as {{ dbt.type_int() }}) as numerator,
        cast(n - n_change as {{ dbt.type_int() }}) as denominator,
        date_day,
        -count(*) as change
    from states
    where n - n_change > 0
    group by cell_number, points - points_change, n - n_change, date_day
    union all
    select
        cell_number,
        nps_points as numerator,
        1 as denominator,
        standing_from as date_day,
        count(*) as change
    from stacked
    where is_standing_alone
    group by cell_number, nps_points, standing_from
    union all
    select
        cell_number,
        nps_points as numerator,
        1 as denominator,
        {{ add_days('standing_until', 1) }} as date_day,
        -count(*) as change
    from stacked
    where is_standing_alone
    group by cell_number, nps_points, standing_until
),

class_changes_by_day as (
    select
        cell_number,
        numerator,
        denominator,
        date_day,
        sum(change) as change
    from class_changes
    group by cell_number, numerator, denominator, date_day
),

class_spans as (
    select
        cell_number,
        numerator,
        denominator,
        date_day as first_day,
        sum(change) over (partition by cell_number, numerator, denominator order by date_day) as n_clusters,
        lead(date_day) over (partition by cell_number, numerator, denominator order by date_day) as next_day
    from class_changes_by_day
),

classes as (
    select
        cell_number,
        numerator,
        denominator,
        n_clusters,
        {{ days_spanned('first_day', least_date(as_of_date(), add_days('next_day', -1))) }} as date_day
    from class_spans
    where
        n_clusters > 0
        and first_day <= {{ as_of_date() }}
),

scored as (
    select
        counts.date_day,
        cells.program_type,
        cells.dimension,
        cells.dimension_value,
        counts.n_scored,
        counts.n_promoters,
        counts.n_scored - counts.n_promoters - counts.n_detractors as n_passives,
        counts.n_detractors,
        coalesce(ratios.n_clusters, 0) as n_clusters,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        coalesce(ratios.n_clusters, 0) = counts.n_scored as is_one_answer_each
    from counts
    inner join calendar
        on counts.date_day = calendar.date_day
    inner join cells
        on counts.cell_number = cells.cell_number
    left join {{ jackknife_ratio('classes', ['cell_number', 'date_day']) }} as ratios
        on
            counts.cell_number = ratios.cell_number
            and counts.date_day = ratios.date_day
),

final as (
    select
        date_day,
        program_type,
        dimension,
        dimension_value,
        {{ var('trend_window_days') }} as window_days,
        {{ as_count('n_scored') }} as n_scored,
        {{ as_count('n_promoters') }} as n_promoters,
        {{ as_count('n_passives') }} as n_passives,
        {{ as_count('n_detractors') }} as n_detractors,
        {{ as_count('n_clusters') }} as n_clusters,
        nps,
        {{ score_interval_columns() }}
    from scored
)

select * from final
