with

withheld as (
    select survey_id from {{ ref('int_surveys_withheld') }}
),

{% for table in raw_tables() %}
{% set is_withheld = 'traced_survey_id in (select survey_id from withheld)' if table.name == 'survey_responses' else 'false' %}

raw_{{ table.name }} as (
    select count(*) as n_raw from {{ source(table.source, table.name) }}
),

judged_{{ table.name }} as (
    select
        count(case when verdict = 'superseded' then 1 end) as n_superseded,
        count(case when verdict = 'deleted' then 1 end) as n_deleted,
        count(case when verdict = 'quarantined' or (verdict = 'accepted' and {{ is_withheld }}) then 1 end) as n_quarantined,
        count(case when verdict = 'accepted' and not ({{ is_withheld }}) then 1 end) as n_accepted
    from {{ ref(table.model) }}
),

{% endfor %}

-- The raw rows are counted where they landed, apart from their verdicts, so that a row that staging loses is missed
-- (the suite expectations/suites/row_reconciliation.py).
unioned as (
    {% for table in raw_tables() %}
    select
        '{{ table.name }}' as raw_table,
        raw_{{ table.name }}.n_raw,
        judged_{{ table.name }}.n_superseded,
        judged_{{ table.name }}.n_deleted,
        judged_{{ table.name }}.n_quarantined,
        judged_{{ table.name }}.n_accepted
    from raw_{{ table.name }}
    cross join judged_{{ table.name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        cast(raw_table as {{ dbt.type_string() }}) as raw_table,
        cast(n_raw as bigint) as n_raw,
        cast(n_superseded as bigint) as n_superseded,
        cast(n_deleted as bigint) as n_deleted,
        cast(n_quarantined as bigint) as n_quarantined,
        cast(n_accepted as bigint) as n_accepted
    from unioned
)

select * from final
