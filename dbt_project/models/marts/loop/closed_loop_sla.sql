{% set cell = ['week_start', 'team', 'owner_id', 'sla_hours'] %}

{% set told = [
    'week_start', 'team', 'owner_id', 'cluster_id', 'hours_to_first_contact', 'has_case', 'is_open', 'answered_at'
] %}

{{ config(meta={'recompute': {
    'unit': 'week_start',
    'follow': {
        'int_follow_ups_expected': 'select week_start from ' ~ changed_in(told),
        'as_of': limits_passed('select week_start from {int_follow_ups_expected}', var('sla_hours') | max),
    },
    'days': rows_of_days('week_start', ['int_follow_ups_expected'], 'answered_date')
        ~ ' union all ' ~ rows_of_days('week_start', ['this'], 'week_start', add_days('week_start', 6)),
}}) }}

with

follow_ups as (
    select * from {{ ref('int_follow_ups_expected') }}
    {{ touched('week_start', 'where') }}
),

-- Once for the company, once for the team and once for the owner.
stacked as (
    {% for team, owner in [("'all'", "'all'"), ('team', "'all'"), ('team', 'owner_id')] %}
    select
        week_start,
        cast({{ team }} as {{ dbt.type_string() }}) as team,
        cast({{ owner }} as {{ dbt.type_string() }}) as owner_id,
        cluster_id,
        hours_to_first_contact,
        {{ hours_between('answered_at', day_began_at(as_of_date())) }} as hours_since_answer,
        has_case,
        is_open
    from follow_ups
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Who was contacted has met the limit or missed it. Who was not has missed it once it has passed, case or no case.
-- Until then it is open.
timed as (
    {% for hours in var('sla_hours') %}
    select
        *,
        {{ hours }} as sla_hours,
        case when hours_to_first_contact <= {{ hours }} then 1 else 0 end as is_met,
        case
            when hours_to_first_contact is not null or hours_since_answer > {{ hours }} then 1
            else 0
        end as is_due
    from stacked
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (
    select
        {{ cell | join(', ') }},
        sum(is_due) as n_due,
        sum(is_met) as n_met,
        sum(1 - is_due) as n_not_due,
        count(hours_to_first_contact) as n_contacted,
        count(case when not has_case then 1 end) as n_without_case,
        count(case when is_open then 1 end) as n_open,
        {{ quantile_of('hours_to_first_contact', 0.5) }} as median_hours,
        {{ quantile_of('hours_to_first_contact', 0.9) }} as p90_hours
    from timed
    group by {{ cell | join(', ') }}
),

clusters as (
    select
        {{ cell | join(', ') }},
        cluster_id,
        sum(is_met) as n_met,
        sum(is_due) as n_due
    from timed
    where is_due = 1
    group by {{ cell | join(', ') }}, cluster_id
),

classes as (
    select
        {{ cell | join(', ') }},
        n_met as numerator,
        n_due as denominator,
        count(*) as n_clusters
    from clusters
    group by {{ cell | join(', ') }}, n_met, n_due
),

joined as (
    select
        counted.*,
        ratios.std_error,
        ratios.degrees_of_freedom,
        ratios.effective_clusters,
        ratios.n_clusters = counted.n_due as is_one_answer_each
    from counted
    left join {{ jackknife_ratio('classes', cell, crv1=false) }} as ratios
        on
            counted.week_start = ratios.week_start
            and counted.team = ratios.team
            and counted.owner_id = ratios.owner_id
            and counted.sla_hours = ratios.sla_hours
),

sure as (
    select
        *,
        {{ share_interval_columns('n_met', 'n_due') }}
    from joined
),

final as (
    select
        week_start,
        team,
        owner_id,
        sla_hours,
        {{ as_count('n_due') }} as n_due,
        {{ as_count('n_met') }} as n_met,
        {{ as_count('n_contacted') }} as n_contacted,
        {{ as_count('n_without_case') }} as n_without_case,
        {{ as_count('n_not_due') }} as n_not_due,
        {{ as_count('n_open') }} as n_open,
        cast(n_met as {{ float_type() }}) / nullif(n_due, 0) as share_met,
        ci_low,
        ci_high,
        ci_method,
        median_hours,
        p90_hours,
        is_reportable,
        suppression_reason
    from sure
)

select * from final
