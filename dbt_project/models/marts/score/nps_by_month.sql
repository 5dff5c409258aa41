{% set cell = ['month_start', 'program_type', 'dimension', 'dimension_value'] %}
{% set rule_cell = cell + ['nps_rule'] %}
{% set rules = ['all_responses', 'contact_latest', 'account_mean', 'account_waterfall', 'revenue_weighted'] %}

with

clusters as (
    select * from {{ ref('int_nps_month_clusters_summed') }}
),

responses as (
    select
        *,
        {{ month_start('answered_date') }} as month_start,
        case when is_excluded then 1 else 0 end as n_excluded,
        case when not is_excluded and not is_scored then 1 else 0 end as n_unscored
    from {{ ref('int_survey_responses_described') }}
    where counts_as_nps
),

stacked_responses as (
    {{ stacked_by_dimension(
        'responses', ['month_start', 'program_type', 'n_excluded', 'n_unscored'], var('answer_dimensions')
    ) }}
),

-- Every cell that was answered at all, so that one without a scored answer is a row and not a gap.
cells as (
    select
        {{ cell | join(', ') }},
        count(*) as n_responses,
        sum(n_unscored) as n_unscored,
        sum(n_excluded) as n_excluded
    from stacked_responses
    group by {{ cell | join(', ') }}
),

-- What each rule averages. A unit is an answer or an account; numerator / denominator summed over clusters is the score.
units as (
    select
        {{ cell | join(', ') }},
        'all_responses' as nps_rule,
        points_sum * 1e0 as numerator,
        n_answers * 1e0 as denominator,
        n_answers as n_scored,
        n_promoters,
        n_detractors,
        n_answers = 1 as is_one_answer_each
    from clusters
    union all
    select
        {{ cell | join(', ') }},
        'contact_latest' as nps_rule,
        latest_points_sum * 1e0 as numerator,
        n_latest * 1e0 as denominator,
        n_latest as n_scored,
        n_latest_promoters as n_promoters,
        n_latest_detractors as n_detractors,
        n_latest = 1 as is_one_answer_each
    from clusters
    where n_latest > 0
    union all
    select
        {{ cell | join(', ') }},
        'account_mean' as nps_rule,
        linked_points_sum * 1e0 / n_linked as numerator,
        1e0 as denominator,
        1 as n_scored,
        case when linked_points_sum * 1e0 / n_linked >= 50 then 1 else 0 end as n_promoters,
        case when linked_points_sum * 1e0 / n_linked <= -50 then 1 else 0 end as n_detractors,
        n_linked = 1 as is_one_answer_each
    from clusters
    where n_linked > 0
    union all
    select
        {{ cell | join(', ') }},
        'account_waterfall' as nps_rule,
        waterfall_points * 1e0 as numerator,
        1e0 as denominator,
        1 as n_scored,
        case when waterfall_points >= 50 then 1 else 0 end as n_promoters,
        case when waterfall_points <= -50 then 1 else 0 end as n_detractors,
        true as is_one_answer_each
    from clusters
    where n_linked > 0
    union all
    select
        {{ cell | join(', ') }},
        'revenue_weighted' as nps_rule,
        linked_points_sum * 1e0 / n_linked * cast(trailing_revenue_12m as {{ float_type() }}) as numerator,
        cast(trailing_revenue_12m as {{ float_type() }}) as denominator,
        1 as n_scored,
        case when linked_points_sum * 1e0 / n_linked >= 50 then 1 else 0 end as n_promoters,
        case when linked_points_sum * 1e0 / n_linked <= -50 then 1 else 0 end as n_detractors,
        false as is_one_answer_each
    from clusters
    where
        n_linked > 0
        and trailing_revenue_12m > 0
),

classes as (
    select
        {{ rule_cell | join(', ') }},
        numerator,
        denominator,
        count(*) as n_clusters,
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors,
        min(case when is_one_answer_each then 1 else 0 end) as is_one_answer_each
    from units
    group by {{ rule_cell | join(', ') }}, numerator, denominator
),

counts as (
    select
        {{ rule_cell | join(', ') }},
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors,
        min(is_one_answer_each) = 1 as is_one_answer_each,
        {{ exact_sum('numerator * numerator / denominator * n_clusters') }} as points_sq_sum
    from classes
    group by {{ rule_cell | join(', ') }}
),

scored_accounts as (
    select
        {{ cell | join(', ') }},
        count(case when n_linked > 0 then 1 end) as n_accounts
    from clusters
    group by {{ cell | join(', ') }}
),

rules as (
    {% for rule in rules %}
    select '{{ rule }}' as nps_rule{% if not loop.last %} union all{% endif %}

    {% endfor %}
),

scored as (
    select
        {% for column in cell %}cells.{{ column }}, {% endfor %}
        rules.nps_rule,
        cells.n_responses,
        cells.n_unscored,
        cells.n_excluded,
        coalesce(counts.n_scored, 0) as n_scored,
        coalesce(counts.n_promoters, 0) as n_promoters,
        coalesce(counts.n_scored - counts.n_promoters - counts.n_detractors, 0) as n_passives,
        coalesce(counts.n_detractors, 0) as n_detractors,
        coalesce(scored_accounts.n_accounts, 0) as n_accounts,
        coalesce(ratios.numerator_total, 0e0) as points_sum,
        coalesce(ratios.denominator_total, 0e0) as weight_sum,
        coalesce(counts.points_sq_sum, 0e0) as points_sq_sum,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        coalesce(counts.is_one_answer_each, true) as is_one_answer_each
    from cells
    cross join rules
    left join scored_accounts
        on {% for column in cell %}cells.{{ column }} = scored_accounts.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}

    left join counts
        on
            {% for column in cell %}cells.{{ column }} = counts.{{ column }} and {% endfor %}
            rules.nps_rule = counts.nps_rule
    left join {{ jackknife_ratio('classes', rule_cell) }} as ratios
        on
            {% for column in cell %}cells.{{ column }} = ratios.{{ column }} and {% endfor %}
            rules.nps_rule = ratios.nps_rule
),

final as (
    select
        month_start,
        program_type,
        dimension,
        dimension_value,
        nps_rule,
        {{ as_count('n_responses') }} as n_responses,
        {{ as_count('n_unscored') }} as n_unscored,
        {{ as_count('n_excluded') }} as n_excluded,
        {{ as_count('n_scored') }} as n_scored,
        {{ as_count('n_promoters') }} as n_promoters,
        {{ as_count('n_passives') }} as n_passives,
        {{ as_count('n_detractors') }} as n_detractors,
        {{ as_count('n_accounts') }} as n_accounts,
        points_sum,
        points_sq_sum,
        weight_sum,
        effective_clusters as effective_n,
        nps,
        {{ score_interval_columns() }}
    from scored
)

select * from final
