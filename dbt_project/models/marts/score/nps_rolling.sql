{% set dimensions = ['all'] + var('answer_dimensions') %}
{% set class_sums = ['n_clusters', 'points', 'points_squared', 'n_promoters', 'n_detractors'] %}

{# An answer that stands for longer or shorter than it did touches the days between, and not all on which it stood. #}
{% set moved = cell_columns() + ['cluster_number', 'nps_points', 'response_id'] %}
{% set ways_to_stand %}
    select
        count(standing_from) as n_ways,
        min(standing_from) as first_from,
        max(standing_from) as last_from,
        min(standing_until) as first_until,
        max(standing_until) as last_until
    from {changes}
    group by {{ moved | join(', ') }}
{% endset %}
{% set days_touched %}
    select {{ days_spanned('first_day', 'last_day') }}
    from (
        select
            first_from as first_day,
            case when n_ways = 2 then {{ add_days('last_from', -1) }} else last_until end as last_day
        from ({{ ways_to_stand }}) as ways
        union
        select
            {{ add_days('first_until', 1) }} as first_day,
            last_until as last_day
        from ({{ ways_to_stand }}) as ways
        where n_ways = 2
    ) as spans
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'date_day',
    'follow': {
        'int_nps_answers_ranked': days_touched,
        'int_nps_cells_opened': 'select ' ~ days_spanned('min(first_day)', "date '{as_of}'") ~ ' from {changes}',
        'dim_dates': 'date_day',
        'as_of': 'select ' ~ days_spanned("least(date '{before}', date '{now}')", "greatest(date '{before}', date '{now}')"),
    },
    'days': rows_of_days('date_day', ['dim_dates'], 'date_day'),
}}) }}

with

answers as (
    select * from {{ ref('int_nps_answers_ranked') }}
    where
        standing_from is not null
        {{ touched_when('standing_from <= {last} and standing_until >= {first}') }}
),

cells as (
    select * from {{ ref('int_nps_cells_numbered') }}
),

opened as (
    select * from {{ ref('int_nps_cells_opened') }}
),

calendar as (
    select date_day from {{ ref('dim_dates') }}
    {{ touched('date_day', 'where') }}
),

-- Answers of one account that overlap are an island: what is left and right of it stands apart from it.
several_answers as (
    select
        *,
        max(standing_until) over (
            partition by cell_of_all, cluster_number
            order by standing_from, standing_until, response_id
            rows between unbounded preceding and 1 preceding
        ) as stood_until_before
    from answers
    where not is_standing_alone
),

islanded as (
    select
        *,
        sum(case when standing_from <= stood_until_before then 0 else 1 end) over (
            partition by cell_of_all, cluster_number
            order by standing_from, standing_until, response_id
            rows between unbounded preceding and current row
        ) as island_number
    from several_answers
),

-- Where all answers of an island share a value, that value sees the whole island: it is followed once, for the total.
islands as (
    select
        cell_of_all,
        cluster_number,
        island_number,
        {% for dimension in dimensions[1:] %}
        case when min(cell_of_{{ dimension }}) = max(cell_of_{{ dimension }}) then min(cell_of_{{ dimension }}) end
            as cell_of_{{ dimension }},
        {% endfor %}
        cell_of_all as cell_of_whole
    from islanded
    group by cell_of_all, cluster_number, island_number
),

-- The other values see a part of it.
divided as (
    select
        islanded.cluster_number,
        islanded.nps_points,
        islanded.is_promoter,
        islanded.is_detractor,
        islanded.standing_from,
        islanded.standing_until,
        {% for dimension in dimensions[1:] %}
        case when islands.cell_of_{{ dimension }} is null then islanded.cell_of_{{ dimension }} end
            as cell_of_{{ dimension }},
        {% endfor %}
        cast(null as {{ dbt.type_int() }}) as cell_of_all
    from islanded
    inner join islands
        on
            islanded.cell_of_all = islands.cell_of_all
            and islanded.cluster_number = islands.cluster_number
            and islanded.island_number = islands.island_number
),

divided_answers as (
    {{ numbered_by_dimension(
        'divided',
        ['cluster_number', 'nps_points', 'is_promoter', 'is_detractor', 'standing_from', 'standing_until'],
    ) }}
),

-- An answer enters on its first day and leaves on the day after its last.
whole_changes as (
    select
        cell_of_all,
        cluster_number,
        island_number,
        standing_from as date_day,
        1 as n_change,
        nps_points as points_change,
        is_promoter as promoters_change,
        is_detractor as detractors_change
    from islanded
    union all
    select
        cell_of_all,
        cluster_number,
        island_number,
        {{ add_days('standing_until', 1) }} as date_day,
        -1 as n_change,
        -nps_points as points_change,
        -is_promoter as promoters_change,
        -is_detractor as detractors_change
    from islanded
),

-- What stands of an account from one change to the next: a running sum, so the work is linear in answers. The sums of a
-- day hold all its changes; of the rows of one day only the last has a later next day.
whole_states as (
    {{ running_states('whole_changes', ['cell_of_all', 'cluster_number', 'island_number']) }}
),

divided_changes as (
    select
        cell_number,
        cluster_number,
        standing_from as date_day,
        1 as n_change,
        nps_points as points_change,
        is_promoter as promoters_change,
        is_detractor as detractors_change
    from divided_answers
    union all
    select
        cell_number,
        cluster_number,
        {{ add_days('standing_until', 1) }} as date_day,
        -1 as n_change,
        -nps_points as points_change,
        -is_promoter as promoters_change,
        -is_detractor as detractors_change
    from divided_answers
),

divided_states as (
    {{ running_states('divided_changes', ['cell_number', 'cluster_number']) }}
),

whole_states_numbered as (
    select
        whole_states.first_day,
        whole_states.next_day,
        whole_states.n_scored,
        whole_states.points,
        whole_states.n_promoters,
        whole_states.n_detractors,
        {% for dimension in dimensions[1:] %}
        islands.cell_of_{{ dimension }},
        {% endfor %}
        islands.cell_of_whole as cell_of_all
    from whole_states
    inner join islands
        on
            whole_states.cell_of_all = islands.cell_of_all
            and whole_states.cluster_number = islands.cluster_number
            and whole_states.island_number = islands.island_number
    where
        whole_states.n_scored > 0
        and whole_states.first_day < whole_states.next_day
),

-- Who stands alone is one answer; an island is seen whole by the values that all of it shares.
undivided as (
    select
        standing_from as first_day,
        {{ add_days('standing_until', 1) }} as next_day,
        {{ as_count('1') }} as n_scored,
        {{ as_count('nps_points') }} as points,
        {{ as_count('is_promoter') }} as n_promoters,
        {{ as_count('is_detractor') }} as n_detractors,
        {{ cell_columns() | join(', ') }}
    from answers
    where is_standing_alone
    union all
    select
        first_day,
        next_day,
        n_scored,
        points,
        n_promoters,
        n_detractors,
        {{ cell_columns() | join(', ') }}
    from whole_states_numbered
),

spans as {{ not_materialized() }}(
    {{ numbered_by_dimension(
        'undivided', ['first_day', 'next_day', 'n_scored', 'points', 'n_promoters', 'n_detractors']
    ) }}
    union all
    select
        cell_number,
        first_day,
        next_day,
        n_scored,
        points,
        n_promoters,
        n_detractors
    from divided_states
    where
        n_scored > 0
        and first_day < next_day
),

-- Accounts with equally many answers standing are a class: its sums are all that the score and its error need. A change
-- takes an account from one class to another.
class_changes as (
    {% for sign, day in [(1, 'first_day'), (-1, 'next_day')] %}
    select
        cell_number,
        n_scored as n_answers,
        {{ day }} as date_day,
        {{ sign }} as n_clusters,
        {{ sign }} * points as points,
        {{ sign }} * points * points as points_squared,
        {{ sign }} * n_promoters as n_promoters,
        {{ sign }} * n_detractors as n_detractors
    from spans
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

class_changes_by_day as (
    select
        {% for sum in class_sums %}
        {{ as_count('sum(' ~ sum ~ ')') }} as {{ sum }},
        {% endfor %}
        cell_number,
        n_answers,
        date_day
    from class_changes
    group by cell_number, n_answers, date_day
),

class_spans as (
    select
        cell_number,
        n_answers,
        date_day as first_day,
        {% for sum in class_sums %}
        {{ as_count('sum(' ~ sum ~ ') over (partition by cell_number, n_answers order by date_day)') }} as {{ sum }},
        {% endfor %}
        lead(date_day) over (partition by cell_number, n_answers order by date_day) as next_day
    from class_changes_by_day
),

classes as (
    select
        cell_number,
        n_answers as denominator,
        n_clusters,
        n_promoters,
        n_detractors,
        points as numerator,
        -- Where all are alike nothing is left, and rounding must not leave less than nothing.
        greatest(points_squared - points * 1e0 * points / n_clusters, 0e0) as spread,
        {{ days_spanned('first_day', least_date(as_of_date(), add_days('next_day', -1))) }} as date_day
    from class_spans
    {{ join_days_spanned('first_day', least_date(as_of_date(), add_days('next_day', -1))) }}
    where
        n_clusters > 0
        and first_day <= {{ as_of_date() }}
),

counts as (
    select
        cell_number,
        date_day,
        sum(denominator * n_clusters) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors
    from classes
    group by cell_number, date_day
),

-- A row for every day from the cell's first answer on, also where nothing stands.
days as (
    select
        opened.cell_number,
        calendar.date_day
    from opened
    inner join calendar
        on
            opened.first_day <= calendar.date_day
            and calendar.date_day <= {{ as_of_date() }}
),

scored as (
    select
        days.date_day,
        cells.program_type,
        cells.dimension,
        cells.dimension_value,
        coalesce(counts.n_scored, 0) as n_scored,
        coalesce(counts.n_promoters, 0) as n_promoters,
        coalesce(counts.n_scored - counts.n_promoters - counts.n_detractors, 0) as n_passives,
        coalesce(counts.n_detractors, 0) as n_detractors,
        coalesce(ratios.n_clusters, 0) as n_clusters,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        coalesce(ratios.n_clusters = counts.n_scored, true) as is_one_answer_each
    from days
    inner join cells
        on days.cell_number = cells.cell_number
    left join counts
        on
            days.cell_number = counts.cell_number
            and days.date_day = counts.date_day
    left join {{ jackknife_ratio('classes', ['cell_number', 'date_day'], spread='spread', crv1=false) }} as ratios
        on
            days.cell_number = ratios.cell_number
            and days.date_day = ratios.date_day
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
