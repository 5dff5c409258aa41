{% set cell = ['program_type', 'dimension', 'dimension_value'] %}

with

standing_answers as (
    select * from {{ ref('fct_nps_responses') }}
    where standing_from is not null
),

calendar as (
    select date_day from {{ ref('dim_dates') }}
    where date_day <= {{ as_of_date() }}
),

stacked as (
    {{ stacked_by_dimension(
        'standing_answers',
        ['program_type', 'cluster_id', 'nps_points', 'standing_from', 'standing_until'],
        var('answer_dimensions'),
    ) }}
),

-- An answer enters on its first day and leaves on the day after its last.
changes as (
    select
        {{ cell | join(', ') }},
        cluster_id,
        standing_from as date_day,
        nps_points,
        1 as n
    from stacked
    union all
    select
        {{ cell | join(', ') }},
        cluster_id,
        {{ add_days('standing_until', 1) }} as date_day,
        -nps_points as nps_points,
        -1 as n
    from stacked
),

changes_by_day as (
    select
        {{ cell | join(', ') }},
        cluster_id,
        date_day,
        sum(nps_points) as points_change,
        sum(n) as n_change
    from changes
    where date_day <= {{ as_of_date() }}
    group by {{ cell | join(', ') }}, cluster_id, date_day
),

-- What stands of each account after each change: a running sum, so the work is linear in answers.
states as (
    select
        {{ cell | join(', ') }},
        cluster_id,
        date_day,
        sum(points_change) over (
            partition by {{ cell | join(', ') }}, cluster_id
            order by date_day
        ) as points,
        sum(n_change) over (
            partition by {{ cell | join(', ') }}, cluster_id
            order by date_day
        ) as n,
        points_change,
        n_change
    from changes_by_day
),

-- Accounts alike in points and answers are counted, not listed: a change takes an account out of one class into another.
class_changes as (
    select
        {{ cell | join(', ') }},
        date_day,
        points as numerator,
        n as denominator,
        1 as change
    from states
    where n > 0
    union all
    select
        {{ cell | join(', ') }},
        date_day,
        points - points_change as numerator,
        n - n_change as denominator,
        -1 as change
    from states
    where n - n_change > 0
),

class_changes_by_day as (
    select
        {{ cell | join(', ') }},
        numerator,
        denominator,
        date_day,
        sum(change) as change
    from class_changes
    group by {{ cell | join(', ') }}, numerator, denominator, date_day
),

class_lives as (
    select
        {{ cell | join(', ') }},
        numerator,
        denominator,
        min(date_day) as first_day
    from class_changes_by_day
    group by {{ cell | join(', ') }}, numerator, denominator
),

class_days as (
    select
        {% for column in cell %}class_lives.{{ column }}, {% endfor %}
        class_lives.numerator,
        class_lives.denominator,
        calendar.date_day
    from class_lives
    inner join calendar
        on class_lives.first_day <= calendar.date_day
),

class_counts as (
    select
        {% for column in cell %}class_days.{{ column }}, {% endfor %}
        class_days.date_day,
        class_days.numerator,
        class_days.denominator,
        sum(class_changes_by_day.change) over (
            partition by
                {% for column in cell %}class_days.{{ column }}, {% endfor %}
                class_days.numerator,
                class_days.denominator
            order by class_days.date_day
        ) as n_clusters
    from class_days
    left join class_changes_by_day
        on
            {% for column in cell %}class_days.{{ column }} = class_changes_by_day.{{ column }} and {% endfor %}
            class_days.numerator = class_changes_by_day.numerator
            and class_days.denominator = class_changes_by_day.denominator
            and class_days.date_day = class_changes_by_day.date_day
),

classes as (
    select * from class_counts
    where n_clusters > 0
),

category_changes as (
    select
        {{ cell | join(', ') }},
        standing_from as date_day,
        1 as n_scored,
        case when nps_points > 0 then 1 else 0 end as n_promoters,
        case when nps_points < 0 then 1 else 0 end as n_detractors
    from stacked
    union all
    select
        {{ cell | join(', ') }},
        {{ add_days('standing_until', 1) }} as date_day,
        -1 as n_scored,
        case when nps_points > 0 then -1 else 0 end as n_promoters,
        case when nps_points < 0 then -1 else 0 end as n_detractors
    from stacked
),

category_changes_by_day as (
    select
        {{ cell | join(', ') }},
        date_day,
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors
    from category_changes
    group by {{ cell | join(', ') }}, date_day
),

-- A row for every day from the cell's first answer on.
cell_lives as (
    select
        {{ cell | join(', ') }},
        min(date_day) as first_day
    from category_changes_by_day
    group by {{ cell | join(', ') }}
),

cell_days as (
    select
        {% for column in cell %}cell_lives.{{ column }}, {% endfor %}
        calendar.date_day
    from cell_lives
    inner join calendar
        on cell_lives.first_day <= calendar.date_day
),

counts as (
    select
        {% for column in cell %}cell_days.{{ column }}, {% endfor %}
        cell_days.date_day,
        {% for count in ['n_scored', 'n_promoters', 'n_detractors'] %}
        sum(coalesce(category_changes_by_day.{{ count }}, 0)) over (
            partition by {% for column in cell %}cell_days.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}

            order by cell_days.date_day
        ) as {{ count }}{{ ',' if not loop.last }}
        {% endfor %}
    from cell_days
    left join category_changes_by_day
        on
            {% for column in cell %}cell_days.{{ column }} = category_changes_by_day.{{ column }} and {% endfor %}
            cell_days.date_day = category_changes_by_day.date_day
),

scored as (
    select
        counts.date_day,
        {% for column in cell %}counts.{{ column }}, {% endfor %}
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
    left join {{ jackknife_ratio('classes', cell + ['date_day']) }} as ratios
        on
            {% for column in cell %}counts.{{ column }} = ratios.{{ column }} and {% endfor %}
            counts.date_day = ratios.date_day
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
