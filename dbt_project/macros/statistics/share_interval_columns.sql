{#
    score_interval_columns for a share: the columns that say how sure it is and whether it may be shown, for a select list
    over cells that already have std_error, degrees_of_freedom, effective_clusters (of jackknife_ratio) and
    is_one_answer_each (no account counts twice). `n_yes` of `n` is the share; its interval is clipped to 0..1.

    ci_method is as for scores. Adjusted Wald of a share is Wald's formula with two more of each kind (Agresti & Coull
    1998), taken from wald_interval: a share p is a score of 2p - 1 without passives.
#}
{% macro share_interval_columns(n_yes, n) -%}
    {%- set share = '(1e0 * ' ~ n_yes ~ ' / nullif(' ~ n ~ ', 0))' -%}
    {%- set enough = n ~ ' >= ' ~ var('minimum_scored_answers') -%}
    {%- set simple = '(' ~ enough ~ ' and is_one_answer_each)' -%}
    {%- set alike = '(' ~ enough ~ ' and not is_one_answer_each and std_error <= 1e-9)' -%}
    {%- set spread = '(' ~ enough ~ ' and not is_one_answer_each and std_error > 1e-9)' -%}
    {%- set margin = t_quantile('degrees_of_freedom') ~ ' * std_error' -%}
    case
        when {{ simple }} then {{ adjusted_wald_share(n_yes, n, -1) }}
        when {{ alike }}
            then least({{ share }}, {{ adjusted_wald_share('(' ~ share ~ ' * effective_clusters)', 'effective_clusters', -1) }})
        when {{ spread }} then greatest(0e0, {{ share }} - {{ margin }})
    end as ci_low,
    case
        when {{ simple }} then {{ adjusted_wald_share(n_yes, n, 1) }}
        when {{ alike }}
            then greatest({{ share }}, {{ adjusted_wald_share('(' ~ share ~ ' * effective_clusters)', 'effective_clusters', 1) }})
        when {{ spread }} then least(1e0, {{ share }} + {{ margin }})
    end as ci_high,
    case
        when {{ simple }} then 'adjusted_wald'
        when {{ alike }} then 'adjusted_wald_effective'
        when {{ spread }} then 'account_jackknife'
    end as ci_method,
    (
        {{ n }} >= {{ var('reportable_scored_answers') }}
        and (is_one_answer_each or std_error is not null)
    ) as is_reportable,
    case
        when {{ n }} = 0 then 'no_answers'
        when {{ n }} < {{ var('minimum_scored_answers') }} then 'suppressed'
        when not is_one_answer_each and std_error is null then 'one_account'
        when {{ n }} < {{ var('reportable_scored_answers') }} then 'low_sample'
    end as suppression_reason
{%- endmacro %}
