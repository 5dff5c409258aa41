{%- from "stripe_fivetran/ledger.sql" import ledger, reversals with context -%}
with {{ ledger() }},

{{ reversals() }},

{#- Only the lines of invoices that something takes back. #}
touched as (
    select lines.* from lines semi join reversals on lines.invoice_id = reversals.invoice_id
),

invoiced as (
    select invoice_id, sum(amount) as amount from touched group by all
),

{#- Without the tax, which the refund of an invoice includes and its lines do not. #}
untaxed as (
    select
        reversals.* replace (
            case
                when reversals.has_tax and try_cast(invoices.total as double) > 0 and invoiced.amount > 0
                    then cast(round(reversals.amount * (invoiced.amount::double / try_cast(invoices.total as double))) as decimal(18, 0))
                else reversals.amount
            end as amount
        )
    from reversals
    inner join invoices on reversals.invoice_id = invoices.id
    inner join invoiced on reversals.invoice_id = invoiced.invoice_id
),

{#- The parts of a reversal: running sums are rounded, so that the parts sum up to it. #}
parted as (
    select
        untaxed.reversal_id, untaxed.amount as whole, untaxed.created, untaxed._fivetran_synced,
        lines.* exclude (_fivetran_synced),
        sum(lines.amount) over (partition by untaxed.reversal_id order by lines.revenue_id) as running,
        sum(lines.amount) over (partition by untaxed.reversal_id) as total
    from untaxed
    inner join touched as lines
        on untaxed.invoice_id = lines.invoice_id
        and lines.amount > 0
        and (
            untaxed.line_id is null
            or untaxed.line_id = lines.line_id
            or not exists (
                select 1 from touched as others
                where others.invoice_id = untaxed.invoice_id and others.line_id = untaxed.line_id
            )
        )
),

reversed as (
    select
        *,
        round(whole * (running::double / total::double)) - round(whole * ((running - amount)::double / total::double)) as part
    from parted
)

select
    revenue_id,
    account_id,
    {{ day("period_start") }} as period_start,
    coalesce(
        cast(cast(greatest({{ date("period_start") }}, {{ date("period_end") }} - 1) as date) as varchar), period_end
    ) as period_end,
    coalesce({{ money("written_amount", "currency") }}, written_amount) as amount,
    currency,
    case when is_subscription then 'subscription' else 'sales' end as revenue_type,
    null as reverses_revenue_id,
    {{ instant("invoiced_at") }} as invoiced_at,
    case when is_gone then 'true' else 'false' end as is_deleted,
    {{ instant("_fivetran_synced") }} as loaded_at
from lines
union all
select
    reversal_id || '-' || line_id,
    account_id,
    {{ day("created") }},
    {{ day("created") }},
    {{ money("cast(cast(-part as bigint) as varchar)", "currency") }},
    currency,
    case when is_subscription then 'subscription' else 'sales' end,
    revenue_id,
    {{ instant("created") }},
    case when is_gone then 'true' else 'false' end,
    {{ instant("_fivetran_synced") }}
from reversed
where part <> 0
