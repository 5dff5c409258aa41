{% set text = dbt.type_string() %}
{% set things = [
    {'raw_table': 'crm_accounts', 'model': 'stg_crm__accounts', 'key': 'account_id', 'content': ['account_name',
    'segment', 'size_band', 'region', 'owner_id']},
    {'raw_table': 'crm_contacts', 'model': 'stg_crm__contacts', 'key': 'contact_id', 'content': ['account_id',
    'email', 'buying_role']},
    {'raw_table': 'survey_responses', 'model': 'stg_survey__responses', 'key': 'response_id',
    'content': ['score_text', 'account_id', 'contact_id', 'answered_at']},
    {'raw_table': 'crm_revenue', 'model': 'stg_crm__revenue', 'key': 'revenue_id', 'content': ['account_id', 'amount',
    'currency', 'period_start', 'period_end']},
] %}

with

{% for thing in things %}

{{ thing.raw_table }}_standing as (
    select * from {{ ref(thing.model) }}
    where verdict <> 'superseded'
),

{{ thing.raw_table }}_replaced as (
    select * from {{ ref(thing.model) }}
    where verdict = 'superseded'
),

-- Copies of the version that counts are no harm; another version of the same time is.
{{ thing.raw_table }}_undecided as (
    select
        count(distinct replaced.{{ thing.key }}) as n_flagged,
        min(replaced.{{ thing.key }}) as example_key
    from {{ thing.raw_table }}_replaced as replaced
    inner join {{ thing.raw_table }}_standing as standing
        on replaced.{{ thing.key }} = standing.{{ thing.key }}
    where
        coalesce(replaced.updated_at, timestamp '1900-01-01 00:00:00')
        = coalesce(standing.updated_at, timestamp '1900-01-01 00:00:00')
        and coalesce(replaced.loaded_at, timestamp '1900-01-01 00:00:00')
        = coalesce(standing.loaded_at, timestamp '1900-01-01 00:00:00')
        and (
            {% for column in thing.content %}
            {{ 'or ' if not loop.first }}coalesce(cast(replaced.{{ column }} as {{ text }}), '')
            <> coalesce(cast(standing.{{ column }} as {{ text }}), '')
            {% endfor %}
        )
),

{{ thing.raw_table }}_counted as (
    select count(*) as n_rows from {{ thing.raw_table }}_standing
),

{% endfor %}

{% for thing in things[:2] %}

-- One thing under ids that differ in case or blanks alone, or in the three letters by which Salesforce makes 18 of 15.
{{ thing.raw_table }}_forms as (
    select
        {{ thing.key }},
        case
            when {{ text_matches(thing.key, text_literal('^[a-zA-Z0-9]{15}([A-Z0-5]{3})?$')) }}
                then substring({{ thing.key }}, 1, 15)
            else lower(replace({{ thing.key }}, ' ', ''))
        end as form
    from {{ thing.raw_table }}_standing
    where
        {{ thing.key }} is not null
        and verdict = 'accepted'
),

{{ thing.raw_table }}_alike as (
    select
        form,
        count(*) as n_ids,
        min({{ thing.key }}) as example_key
    from {{ thing.raw_table }}_forms
    group by form
    having count(*) > 1
),

{{ thing.raw_table }}_twice as (
    select
        coalesce(sum(n_ids), 0) as n_flagged,
        min(example_key) as example_key
    from {{ thing.raw_table }}_alike
),

{% endfor %}

{% for thing in things[:2] %}

{{ thing.raw_table }}_endless as (
    select
        count(*) as n_flagged,
        min({{ thing.key }}) as example_key
    from {{ thing.raw_table }}_standing
    where merge_status in ('circular', 'unresolved')
),

{% endfor %}

account_forms as (
    select distinct form from crm_accounts_forms
),

-- Lines whose account is on record under a form of the id that they do not use.
missed as (
    select
        count(*) as n_flagged,
        min(ledger_lines.revenue_id) as example_key
    from crm_revenue_standing as ledger_lines
    inner join account_forms
        on case
                when {{ text_matches('ledger_lines.account_id', text_literal('^[a-zA-Z0-9]{15}([A-Z0-5]{3})?$')) }}
                    then substring(ledger_lines.account_id, 1, 15)
                else lower(replace(ledger_lines.account_id, ' ', ''))
            end = account_forms.form
    where ledger_lines.quarantine_reason = 'unknown_account'
),

checked as (
    {% for thing in things %}
    select
        '{{ thing.raw_table }}' as raw_table,
        'versions_in_order' as check_name,
        counted.n_rows,
        undecided.n_flagged,
        {{ check_verdict(
            'false',
            'undecided.n_flagged > 0.01 * counted.n_rows and undecided.n_flagged >= ' ~ var('minimum_flagged_answers'),
        ) }} as verdict,
        case
            when undecided.n_flagged = 0 then 'Versions of one key are told apart by updated_at or loaded_at.'
            else concat(
                    cast(undecided.n_flagged as {{ text }}),
                    ' keys have versions that differ, and neither updated_at nor loaded_at says ',
                    'which is newer: the last row of the file counts. Give updated_at.'
                )
        end as message,
        undecided.example_key
    from {{ thing.raw_table }}_undecided as undecided
    cross join {{ thing.raw_table }}_counted as counted
    union all
    {% endfor %}
    {% for thing in things[:2] %}
    select
        '{{ thing.raw_table }}' as raw_table,
        'ids_in_one_form' as check_name,
        counted.n_rows,
        twice.n_flagged,
        {{ check_verdict('false', 'twice.n_flagged > 0') }} as verdict,
        case
            when twice.n_flagged = 0 then 'No two ids differ in case or blanks alone.'
            else concat(
                    cast(twice.n_flagged as {{ text }}),
                    ' ids differ from another in case, in blanks, or as the 15 and 18 characters of one ',
                    'Salesforce id. Each counts as one of its own. Export one form.'
                )
        end as message,
        twice.example_key
    from {{ thing.raw_table }}_twice as twice
    cross join {{ thing.raw_table }}_counted as counted
    union all
    {% endfor %}
    {% for thing in things[:2] %}
    select
        '{{ thing.raw_table }}' as raw_table,
        'merges_end' as check_name,
        counted.n_rows,
        endless.n_flagged,
        {{ check_verdict('false', 'endless.n_flagged > 0') }} as verdict,
        case
            when endless.n_flagged = 0 then 'Every merge leads to somebody who is on record.'
            else concat(
                    cast(endless.n_flagged as {{ text }}),
                    ' merges lead in a circle or to an id that is not on record: what hangs on them ',
                    'stays where it was. Correct merged_into_id, or send the survivor too.'
                )
        end as message,
        endless.example_key
    from {{ thing.raw_table }}_endless as endless
    cross join {{ thing.raw_table }}_counted as counted
    union all
    {% endfor %}
    select
        'crm_revenue' as raw_table,
        'ids_in_one_form' as check_name,
        counted.n_rows,
        missed.n_flagged,
        {{ check_verdict('false', 'missed.n_flagged > 0') }} as verdict,
        case
            when missed.n_flagged = 0 then 'No line misses its account by the form of the id.'
            else concat(
                    cast(missed.n_flagged as {{ text }}),
                    ' lines name an account that is on record under another form of its id (case, ',
                    'blanks, 15 or 18 characters). Export one form.'
                )
        end as message,
        missed.example_key
    from missed
    cross join crm_revenue_counted as counted
),

final as (
    select
        raw_table,
        check_name,
        verdict,
        message,
        example_key,
        {{ as_count('n_rows') }} as n_rows,
        {{ as_count('n_flagged') }} as n_flagged
    from checked
)

select * from final
