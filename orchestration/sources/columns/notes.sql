{%- if option.amounts == "smallest" %}
select
    'currency_unknown' as rule,
    count(*) as n_rows,
    'currencies are not in ISO 4217, so nobody knows how many of their smallest units make one.' as message,
    'Correct the currency in the export.' as next_step,
    true as is_fatal
from {{ input.rows }}
where {{ places("currency") }} is null
{%- else %}
select null, 0, null, null, false
{%- endif %}
