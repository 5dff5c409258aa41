{#
    The panels of int_account_outcomes_observed that are estimated within accounts for every cell, by name.

    Of each: the `prefix` of its columns; its `weight`, null where a row is not in it; its `values`, each by the expression that
    gives it; and `products`, the pairs of values of which sums of products are wanted. Where somebody asks: the name under which
    its rows are `counted`, the name of a column that says whether its points change within an account (`identifying`), and `noise`, what a variance of 1 of a single answer adds to the variance of the value that it disturbs.

    - main: growth on points, weighted by the revenue to which it applies; beside the points, those of promoters.
    - lead: the same rows as far as the account answers again once the horizon is over.

    Only quarter ends with a fresh answer are in a panel. Where older answers stand alone, they say nothing new, and of what has
    changed since they say it wrong.
#}
{% macro value_panels() -%}
    {% do return({
        'main': {
            'prefix': '',
            'weight': 'case when is_fresh then base_revenue end',
            'values': {'points': 'account_points', 'promoters': 'promoter_points', 'growth': 'growth'},
            'products': [
                ('points', 'points'), ('growth', 'growth'), ('points', 'growth'),
                ('promoters', 'promoters'), ('points', 'promoters'), ('promoters', 'growth'),
            ],
            'noise': '1e0 / n_contacts_answered',
            'counted': 'n_observations',
            'identifying': 'is_identifying',
        },
        'lead': {
            'prefix': 'lead_',
            'weight': 'case when is_fresh and later_points is not null then base_revenue end',
            'values': {'points': 'account_points', 'later': 'later_points', 'growth': 'growth'},
            'products': [
                ('points', 'points'), ('later', 'later'), ('growth', 'growth'),
                ('points', 'later'), ('points', 'growth'), ('later', 'growth'),
            ],
        },
    }) %}
{%- endmacro %}
