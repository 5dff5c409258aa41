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
    where date_day <= {{ as_of_date() }}
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
changes as (
    select
        cell_number,
        cluster_number,
        is_standing_alone,
        nps_points,
        is_promoter,
        is_detractor,
        1 as n,
        standing_from as date_day
    from stacked
    union all
    select
        cell_number,
        cluster_number,
        is_standing_alone,
        -nps_points as nps_points,
        -is_promoter as is_promoter,
        -is_detractor as is_detractor,
        -1 as n,
        {{ add_days('standing_until', 1) }} as date_day
    from stacked
),

cell_changes as (
    select
        cell_number,
        date_day,
        sum(n) as n_scored,
        sum(is_promoter) as n_promoters,
        sum(is_detractor) as n_detractors
    from changes
    group by cell_number, date_day
),

cluster_changes as (
    select
        cell_number,
        cluster_number,
        date_day,
        sum(nps_points) as points_change,
        sum(n) as n_change
    from changes
    where not is_standing_alone
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
    from cluster_changes
),

-- Accounts alike in points and answers are counted, not listed: a change takes an account out of one class into another.
class_moves as (
    select
        cell_number,
        date_day,
        cast(points as {{ dbt.type_int() }}) as numerator,
        cast(n as {{ dbt.type_int() }}) as denominator,
        1 as change
    from states
    where n > 0
    union all
    select
        cell_number,
        date_day,
        cast(points - points_change as {{ dbt.type_int() }}) as numerator,
        cast(n - n_change as {{ dbt.type_int() }}) as denominator,
        -1 as change
    from states
    where n - n_change > 0
    union all
    select
        cell_number,
        date_day,
        nps_points * n as numerator,
        1 as denominator,
        n as change
    from changes
    where is_standing_alone
),

class_changes as (
    select
        cell_number,
        numerator,
        denominator,
        date_day,
        sum(change) as change
    from class_moves
    group by cell_number, numerator, denominator, date_day
),

class_lives as (
    select
        cell_number,
        numerator,
        denominator,
        min(date_day) as first_day
    from class_changes
    group by cell_number, numerator, denominator
),

class_days as (
    select
        class_lives.cell_number,
        class_lives.numerator,
        class_lives.denominator,
        calendar.date_day
    from class_lives
    inner join calendar
        on class_lives.first_day <= calendar.date_day
),

class_counts as (
    select
        class_days.cell_number,
        class_days.date_day,
        class_days.numerator,
        class_days.denominator,
        sum(class_changes.change) over (
            partition by class_days.cell_number, class_days.numerator, class_days.denominator
            order by class_days.date_day
        ) as n_clusters
    from class_days
    left join class_changes
        on
            class_days.cell_number = class_changes.cell_number
            and class_days.numerator = class_changes.numerator
            and class_days.denominator = class_changes.denominator
            and class_days.date_day = class_changes.date_day
),

classes as (
    select * from class_counts
    where n_clusters > 0
),

-- A row for every day from the cell's first answer on.
cell_lives as (
    select
        cell_number,
        min(date_day) as first_day
    from cell_changes
    group by cell_number
),

cell_days as (
    select
        cell_lives.cell_number,
        calendar.date_day
    from cell_lives
    inner join calendar
        on cell_lives.first_day <= calendar.date_day
),

counts as (
    select
        cell_days.cell_number,
        cell_days.date_day,
        {% for count in ['n_scored', 'n_promoters', 'n_detractors'] %}
        sum(coalesce(cell_changes.{{ count }}, 0)) over (
            partition by cell_days.cell_number
            order by cell_days.date_day
        ) as {{ count }}{{ ',' if not loop.last }}
        {% endfor %}
    from cell_days
    left join cell_changes
        on
            cell_days.cell_number = cell_changes.cell_number
            and cell_days.date_day = cell_changes.date_day
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
