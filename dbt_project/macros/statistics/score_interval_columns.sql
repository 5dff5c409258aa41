{#
    The columns that say how sure a score is, for a select list over cells that already have: nps, n_scored, n_promoters,
    n_passives, n_detractors, is_one_answer_each (no account answered twice and no weights), std_error,
    degrees_of_freedom and effective_clusters (of jackknife_ratio).

    ci_low, ci_high (95 %, clipped to -100..100), margin_of_error (half the width before clipping), ci_method, and whether
    the score may be shown: under `minimum_scored_answers` no interval is given, under `reportable_scored_answers` it is
    given but the score carries no band and no rank.

    ci_method: `adjusted_wald` for independent answers; `account_jackknife` where an account answered more than once or
    weights differ; `adjusted_wald_effective` where the jackknife sees no variation at all (every account alike), which
    would claim certainty: adjusted Wald then counts each effective account as one answer, and the interval is widened to
    hold the estimate where it would not. Null: no interval.

    `is_weighted` is a condition: where it holds, answers have weights, and few of them may carry the score. The jackknife of a
    score that few carry sees too little where these agree, as promoters do: of its intervals as few as 87 % hold the truth.
    `adjusted_jackknife` is adjusted Wald with the effective accounts as answers and the variance of the jackknife.
#}
{% macro score_interval_columns(is_weighted=none) -%}
    {%- set scale = '(effective_clusters / n_scored)' -%}
    {%- set enough = 'n_scored >= ' ~ var('minimum_scored_answers') -%}
    {%- set weighted = '(' ~ enough ~ ' and ' ~ is_weighted ~ ' and std_error is not null)' -%}
    {%- set simple = '(' ~ enough ~ ' and is_one_answer_each)' -%}
    {%- set alike = '(' ~ enough ~ ' and not is_one_answer_each and std_error <= 1e-9)' -%}
    {%- set spread = '(' ~ enough ~ ' and not is_one_answer_each and std_error > 1e-9)' -%}
    {%- set margin = t_quantile('degrees_of_freedom') ~ ' * std_error' -%}
    {%- set effective = [
        '(' ~ scale ~ ' * n_promoters)', '(' ~ scale ~ ' * n_passives)', '(' ~ scale ~ ' * n_detractors)'
    ] -%}
    case
        {% if is_weighted %}
        when {{ weighted }} then greatest(-100e0, least(nps, {{ adjusted_jackknife_interval(-1) }}))
        {% endif %}
        when {{ simple }} then {{ adjusted_wald_interval('n_promoters', 'n_passives', 'n_detractors', -1) }}
        when {{ alike }}
            then least(nps, {{ adjusted_wald_interval(effective[0], effective[1], effective[2], -1) }})
        when {{ spread }} then greatest(-100e0, nps - {{ margin }})
    end as ci_low,
    case
        {% if is_weighted %}
        when {{ weighted }} then least(100e0, greatest(nps, {{ adjusted_jackknife_interval(1) }}))
        {% endif %}
        when {{ simple }} then {{ adjusted_wald_interval('n_promoters', 'n_passives', 'n_detractors', 1) }}
        when {{ alike }}
            then greatest(nps, {{ adjusted_wald_interval(effective[0], effective[1], effective[2], 1) }})
        when {{ spread }} then least(100e0, nps + {{ margin }})
    end as ci_high,
    case
        {% if is_weighted %}
        when {{ weighted }} then ({{ adjusted_jackknife_interval(1) }} - {{ adjusted_jackknife_interval(-1) }}) / 2
        {% endif %}
        when {{ simple }}
            then (
                {{ wald_interval('n_promoters', 'n_passives', 'n_detractors', 1, pseudo_answers=3) }}
                - {{ wald_interval('n_promoters', 'n_passives', 'n_detractors', -1, pseudo_answers=3) }}
            ) / 2
        when {{ alike }}
            then (
                {{ wald_interval(effective[0], effective[1], effective[2], 1, pseudo_answers=3) }}
                - {{ wald_interval(effective[0], effective[1], effective[2], -1, pseudo_answers=3) }}
            ) / 2
        when {{ spread }} then {{ margin }}
    end as margin_of_error,
    case
        {% if is_weighted %}
        when {{ weighted }} then 'adjusted_jackknife'
        {% endif %}
        when {{ simple }} then 'adjusted_wald'
        when {{ alike }} then 'adjusted_wald_effective'
        when {{ spread }} then 'account_jackknife'
    end as ci_method,
    (
        n_scored >= {{ var('reportable_scored_answers') }}
        and (is_one_answer_each or std_error is not null)
    ) as is_reportable,
    case
        when n_scored = 0 then 'no_answers'
        when n_scored < {{ var('minimum_scored_answers') }} then 'suppressed'
        when not is_one_answer_each and std_error is null then 'one_account'
        when n_scored < {{ var('reportable_scored_answers') }} then 'low_sample'
    end as suppression_reason
{%- endmacro %}
