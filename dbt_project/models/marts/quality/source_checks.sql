{# Of each relation of checks: whose rows it looks at, what it is called, what it is about; whether it weighs money. #}
{% set parts = [
    {'model': 'int_surveys_checked', 'raw_table': "'survey_responses'", 'subject': 'survey_id'},
    {'model': 'int_answer_links_checked', 'raw_table': "'survey_responses'", 'subject': "'all'"},
    {'model': 'int_revenue_checked', 'raw_table': "'crm_revenue'", 'subject': 'subject', 'has_amounts': true},
    {'model': 'int_identities_checked', 'raw_table': 'raw_table', 'subject': "'all'"},
    {'model': 'int_values_checked', 'raw_table': 'raw_table', 'subject': 'subject', 'check_name': "'values_readable'"},
    {
        'model': 'int_ignored_columns_checked',
        'raw_table': 'raw_table',
        'subject': 'subject',
        'check_name': "'columns_read'",
    },
] %}
{% set no_amount = 'cast(null as ' ~ float_type() ~ ')' %}

with

{% for part in parts %}

{{ part.model }} as (
    select * from {{ ref(part.model) }}
),

{% endfor %}

unioned as (
    {% for part in parts %}
    select
        {{ part.raw_table }} as raw_table,
        {{ part.check_name or 'check_name' }} as check_name,
        {{ part.subject }} as subject,
        verdict,
        message,
        example_key,
        n_rows,
        n_flagged,
        {{ 'amount' if part.has_amounts else no_amount }} as amount,
        {{ 'amount_flagged' if part.has_amounts else no_amount }} as amount_flagged
    from {{ part.model }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        cast(raw_table as {{ dbt.type_string() }}) as raw_table,
        cast(check_name as {{ dbt.type_string() }}) as check_name,
        cast(subject as {{ dbt.type_string() }}) as subject,
        cast(verdict as {{ dbt.type_string() }}) as verdict,
        cast(message as {{ dbt.type_string() }}) as message,
        cast(example_key as {{ dbt.type_string() }}) as example_key,
        cast(n_rows as bigint) as n_rows,
        cast(n_flagged as bigint) as n_flagged,
        case when n_rows > 0 then n_flagged * 1e0 / n_rows end as share_flagged,
        cast(amount_flagged as {{ float_type() }}) as amount_flagged,
        cast(case when amount > 0 then amount_flagged / amount end as {{ float_type() }}) as share_of_amount
    from unioned
)

select * from final
