{#
    As value_panels(), the panels that are estimated for the company, and for the values of dimensions that `dimensions_by_halves`
    names. They stand beside the estimates; for each value of each dimension they would take nearly as long as those.

    - even: the main panel with every account and quarter end weighing alike.
    - halves: accounts of which both halves of the contacts have answered; the halves' mean, and half their difference.
#}
{% macro company_panels() -%}
    {% do return({
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
            'counted': 'n_halves_observations',
            'noise': '(1e0 / n_first_half_answers + 1e0 / (n_fresh_answers - n_first_half_answers)) / 4',
        },
    }) %}
{%- endmacro %}
