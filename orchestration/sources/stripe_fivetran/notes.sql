{%- from "stripe_fivetran/ledger.sql" import ledger, reversals with context -%}
with {{ ledger() }},

{{ reversals() }}

select
    'currency_unknown' as rule,
    count(*) as n_rows,
    'lines have a currency that is not in ISO 4217, so nobody knows how many of its smallest units make one.' as message,
    'Correct the currency in the tables.' as next_step,
    true as is_fatal
from lines
where {{ places("currency") }} is null and invoice_id in (select id from invoices)
union all
select
    'amounts_not_whole',
    count(*),
    'lines have amounts with decimals, so they are not in the smallest unit of their currency.',
    'Read them with the adapter columns, or load the tables as Stripe has them.',
    true
from lines
where amount is null and try_cast(written_amount as double) is not null
union all
select
    'lines_without_invoice',
    count(*),
    'lines name an invoice that is not there, so nobody knows whose they are; their amounts go to quarantine.',
    'Load invoice anew.',
    false
from lines
where invoice_id is null or invoice_id not in (select id from invoices where id is not null)
union all
select
    'invoices_without_customer',
    count(*),
    'invoices name a customer that is not there.',
    'Load customer anew.',
    false
from invoices
where is_billed and is_live and customer_id not in (select id from customers where id is not null)
union all
select
    'customers_without_account',
    count(distinct customers.id),
    'customers with invoices have no such key in their metadata; the customer stands for the account.',
    'Write the id of the account in the CRM into the metadata of these customers.',
    false
from customers
semi join invoices on customers.id = invoices.customer_id
where not has_key
union all
select
    'invoices_not_counted',
    count(*),
    'invoices are drafts, void, uncollectible or of the test mode, and do not count.',
    'If some of them are revenue, say so in the option statuses.',
    false
from invoices
where not is_billed or not is_live
union all
select
    'refunds_without_invoice',
    count(*),
    'refunds and credit notes belong to no line of an invoice that counts, and take back nothing.',
    'Load charge and invoice anew; a charge without an invoice is not read.',
    false
from reversals
where invoice_id is null or invoice_id not in (select invoice_id from lines where invoice_id is not null)
union all
select
    'refunds_not_done',
    count(*),
    'refunds are pending, failed or canceled, and take back nothing.',
    'They are read again when they succeed.',
    false
from {{ input.refund }}
where lower(status) <> 'succeeded'
union all
select
    'charges_without_invoice',
    count(*),
    'charges succeeded and belong to no invoice; their amounts are not read.',
    'Read them with the adapter columns, if they are revenue.',
    false
from {{ input.charge }} as charges
where invoice_id is null and lower(status) = 'succeeded' and coalesce(lower(livemode) not in ('false', 'f', '0'), true)
    and id not in (select charge_id from invoices where charge_id is not null)
union all
select
    'discounts_not_taken_off',
    count(*),
    'invoices have a discount on the whole, which is not taken off their lines.',
    'Take the revenue from another source, if discounts matter.',
    false
from invoices
where is_billed and is_live
    and try_cast(total as double) - coalesce(try_cast(tax as double), 0) < try_cast(subtotal as double)
