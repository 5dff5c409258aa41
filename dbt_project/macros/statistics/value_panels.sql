{#
    The panels of int_account_outcomes_observed that are estimated within accounts, by name.

    Of each: the `prefix` of its columns; its `weight`, null where a row is not in it; its `values`, each by the expression that
    gives it; `products`, the pairs of values of which sums of products are wanted; and `noise`, what a variance of 1 of a single
    answer adds to the variance of the value that it disturbs, where somebody asks.

    - main: growth on points, weighted by the revenue to which it applies; beside the points, those of promoters.
    - lead: the same rows as far as the account answers again once the horizon is over.
    - even: the main panel with every account and quarter end weighing alike.
    - halves: accounts of which both halves of the contacts have answered; the halves' mean, and half their difference.

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
        'even': {
            'prefix': 'even_',
            'weight': 'case when is_fresh then 1e0 end',
            'values': {'points': 'account_points', 'growth': 'growth'},
            'products': [('points', 'points'), ('growth', 'growth'), ('points', 'growth')],
        },
        'halves': {
            'prefix': 'halves_',
            'weight': 'case when is_fresh and first_half_points is not null and second_half_points is not null '
                ~ 'then base_revenue end',
            'values': {
                'points': '(first_half_points + second_half_points) / 2',
                'apart': '(first_half_points - second_half_points) / 2',
                'growth': 'growth',
            },
            'products': [('points', 'points'), ('apart', 'apart'), ('growth', 'growth'), ('points', 'growth')],
            'noise': '(1e0 / n_first_half_answers + 1e0 / (n_fresh_answers - n_first_half_answers)) / 4',
        },
    }) %}
{%- endmacro %}
