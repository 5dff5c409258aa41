{% set panels = {
    'main': {
        'prefix': '',
        'values': ['points', 'placebo', 'growth'],
        'products': [
            ('points', 'points'), ('placebo', 'placebo'), ('growth', 'growth'), ('points', 'growth'), ('placebo', 'growth'),
        ],
    },
    'lead': {
        'prefix': 'lead_',
        'values': ['points', 'later', 'growth'],
        'products': [
            ('points', 'points'), ('later', 'later'), ('growth', 'growth'),
            ('points', 'later'), ('points', 'growth'), ('later', 'growth'),
        ],
    },
} %}

with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

{{ solved_period_effects('deviations', panels) }}

select * from final
