{#- Invoices, whether each counts, and their lines in the smallest unit of their currency. A line without an invoice stays:
it has no account, and the checks of the raw tables set it aside with its amount. -#}
{%- macro ledger() -%}
customers as (
    select
        id,
        coalesce({{ json("metadata", option.account_key) if option.account_key else "null" }}, id) as account_id,
        {{ json("metadata", option.account_key) if option.account_key else "id" }} is not null as has_key
    from {{ input.customer }}
),

invoices as (
    select
        invoices.*,
        coalesce(customers.account_id, invoices.customer_id) as account_id,
        coalesce(lower(invoices.livemode) not in ('false', 'f', '0'), true) as is_live,
        ({{ is_true("invoices.is_deleted") }} or {{ is_true("invoices._fivetran_deleted") }}) as is_gone,
        coalesce(lower(invoices.status), 'paid') in (
            {%- for status in option.statuses %}{{ status | lower | literal }}{{ ", " if not loop.last }}{% endfor -%}
        ) as is_billed
    from {{ input.invoice }} as invoices
    left join customers on invoices.customer_id = customers.id
),

lines as (
    select
        lines.invoice_id || '-' || lines.id as revenue_id,
        lines.id as line_id,
        lines.invoice_id,
        invoices.account_id,
        lines.amount as written_amount,
        case when regexp_full_match(lines.amount, '-?\d+([.]0+)?') then try_cast(lines.amount as decimal(18, 0)) end as amount,
        upper(coalesce(lines.currency, invoices.currency)) as currency,
        lines.period_start,
        lines.period_end,
        lines.subscription_id is not null or lower(lines.type) = 'subscription' or {{ is_true("lines.proration") }}
            as is_subscription,
        coalesce(invoices.finalized_at, invoices.status_transitions_finalized_at, invoices.date, invoices.created)
            as invoiced_at,
        coalesce(invoices.is_gone, false) or {{ is_true("lines._fivetran_deleted") }} as is_gone,
        lines._fivetran_synced
    from {{ input.invoice_line_item }} as lines
    left join invoices on lines.invoice_id = invoices.id
    where coalesce(invoices.is_billed and invoices.is_live, true)
        and coalesce(lower(lines.livemode) not in ('false', 'f', '0'), true)
)
{%- endmacro -%}
{#- What takes back lines of an invoice: credit notes by line or as a whole, and refunds that no credit note describes. -#}
{%- macro reversals() -%}
notes as (
    select * from {{ input.credit_note }}
    where coalesce(lower(status), 'issued') = 'issued' and coalesce(lower(livemode) not in ('false', 'f', '0'), true)
),

charges as (
    select charges.id, coalesce(charges.invoice_id, min(invoices.id)) as invoice_id
    from {{ input.charge }} as charges
    left join invoices on charges.id = invoices.charge_id
    group by charges.id, charges.invoice_id
    union
    select charge_id, min(id) from invoices
    where charge_id is not null and charge_id not in (select id from {{ input.charge }} where id is not null)
    group by all
),

reversals as (
    select
        refunds.id as reversal_id, charges.invoice_id, null::varchar as line_id, true as has_tax,
        try_cast(refunds.amount as decimal(18, 0)) as amount, refunds.created, refunds._fivetran_synced
    from {{ input.refund }} as refunds
    left join charges on refunds.charge_id = charges.id
    where coalesce(lower(refunds.status), 'succeeded') = 'succeeded'
        and refunds.id not in (select refund_id from notes where refund_id is not null)
    union all
    select
        notes.id || '-' || items.id, notes.invoice_id, items.invoice_line_item_id, false,
        try_cast(items.amount as decimal(18, 0)), notes.created, notes._fivetran_synced
    from notes
    inner join {{ input.credit_note_line_item }} as items on notes.id = items.credit_note_id
    union all
    select
        notes.id, notes.invoice_id, null, notes.subtotal is null,
        try_cast(coalesce(notes.subtotal, notes.total, notes.amount) as decimal(18, 0)), notes.created, notes._fivetran_synced
    from notes
    anti join {{ input.credit_note_line_item }} as items on notes.id = items.credit_note_id
)
{%- endmacro -%}
