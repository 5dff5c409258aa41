"""Revenue by account and month: the ledger, spread by day and converted, and nothing else."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import Batch, Warehouse

TABLE = "marts.fct_account_revenue_months"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """Each month's revenue against the accepted ledger, added up here by another way than in the model.

    Lines of one service period and currency are summed before they are spread, without accounts and kinds, so a line
    that the model loses or repeats on its way through joins shows; a reversal has the days that it takes back
    (assert_reversals_add_up_to_their_lines). A month without a rate takes the newest. All is
    counted in whole thousand-millionths, because a 64-bit number has no cents beyond 10^14.
    """
    return (
        Batch(
            f"""
            with

            lines as (
                select
                    period_start, period_end, period_start as earned_start, currency, amount::decimal(28, 9) as amount
                from staging.stg_crm__revenue
                where verdict = 'accepted' and reverses_revenue_id is null
                union all
                select period_start, period_end, earned_start, currency, amount
                from intermediate.int_revenue_reversals_dated
            ),

            periods as (
                select
                    period_start, period_end, earned_start, currency,
                    (sum(amount) * 1000000000)::hugeint as billionths
                from lines
                group by all
            ),

            period_months as (
                select
                    *,
                    unnest(
                        generate_series(date_trunc('month', earned_start), period_end::timestamp, interval 1 month)
                    )::date as month_start
                from periods
            ),

            earned as (
                select
                    month_start,
                    currency,
                    sum(
                        billionths
                        * (least(last_day(month_start), period_end) - greatest(month_start, earned_start) + 1)
                        // (period_end - period_start + 1)
                    ) as billionths
                from period_months
                group by month_start, currency
            ),

            rates as (
                select month_start, currency, rate::decimal(24, 12) as rate
                from staging.stg_finance__exchange_rates
                where verdict = 'accepted'
            ),

            newest_rates as (
                select currency, arg_max(rate, month_start) as rate from rates group by currency
            ),

            booked as (
                select month_start, sum(revenue) as revenue from {TABLE} group by month_start
            ),

            reporting as (
                select any_value(currency) as currency from {TABLE}
            ),

            rated as (
                select
                    earned.month_start,
                    earned.billionths,
                    case
                        when earned.currency = reporting.currency then 1::decimal(24, 12)
                        else coalesce(rates.rate, newest_rates.rate)
                    end as rate
                from earned
                cross join reporting
                left join rates on earned.month_start = rates.month_start and earned.currency = rates.currency
                left join newest_rates on earned.currency = newest_rates.currency
            ),

            ledger as (
                select
                    month_start,
                    sum((billionths // 1000000000)::bigint * rate)
                    + sum((billionths % 1000000000)::bigint * rate::double / 1e9)::decimal(38, 12) as amount
                from rated
                group by month_start
            )

            select
                month_start,
                booked.revenue::double as revenue,
                ledger.amount::double as ledger_amount,
                {vocabulary.rounded("coalesce(booked.revenue, 0) - coalesce(ledger.amount, 0)")} as difference
            from ledger
            full join booked using (month_start)
            order by month_start
            """,
            ("month_start",),
            (
                vocabulary.money_reconciled(
                    "difference",
                    "The revenue of a month is the accepted ledger, spread by day and converted at the month's rate",
                    "revenue",
                    "ledger_amount",
                ),
            ),
        ),
    )
