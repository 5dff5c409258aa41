"""Account panels of any size for the bench, made by the engine from hashes: the same rows each time."""

from __future__ import annotations

from pathlib import Path

import duckdb

QUARTERS = 10
OWNERS = 300
HORIZONS = (3, 6, 12)

# Uniform on (0, 1), by a row's key and the name of what is drawn.
_DRAWS = """
create or replace macro drawn(account, quarter, name) as
    (hash(account * 1000003 + quarter * 7919, name) % 9007199254740881 + 0.5) / 9007199254740881;
create or replace macro normal(account, quarter, name) as
    sqrt(-2 * ln(drawn(account, quarter, name))) * cos(2 * pi() * drawn(account, quarter, name || '|'));
"""

_PANEL = """
create or replace table marts.fct_account_periods as
with cells as (
    select account, quarter, 1 + cast(floor(3 * drawn(account, quarter, 'contacts')) as bigint) as n_contacts
    from range(1, {n_accounts} + 1) as accounts(account)
    cross join range({quarters}) as quarters(quarter)
),
points as (
    select *, case
        when drawn(account, quarter, 'silent') < 0.75 then list_transform(
            range(n_contacts),
            lambda contact: case
                when u(account, quarter, contact) < -0.4 then -100
                when u(account, quarter, contact) < 0.4 then 0
                else 100
            end
        )
    end as contact_points
    from cells
),
drawn_outcomes as (
    select
        account,
        quarter,
        list_avg(contact_points) as account_points,
        case when contact_points is null then 0 else n_contacts end as n_contacts_answered,
        list_sum(list_transform(contact_points, lambda points: points * points)) as account_points_sq_sum,
        cast(
            exp(9 + 1.2 * normal(account, 0, 'size')) * (0.9 + 0.2 * drawn(account, quarter, 'base')) as decimal(18, 6)
        ) as base,
        case when drawn(account, quarter, 'churn') < 0.03 then 0.0 else greatest(
            0.0,
            1.02 + 0.001 * coalesce(list_avg(contact_points), 0)
            + 0.05 * normal(account, 0, 'kind') + 0.15 * normal(account, quarter, 'growth')
        ) end as ratio
    from points
)
select
    'a' || account as account_id,
    last_day(date '2020-03-01' + to_months(cast(3 * quarter as integer))) as as_of_date,
    'segment ' || cast(floor(3 * drawn(account, 0, 'segment')) as bigint) as segment,
    'size ' || cast(floor(5 * drawn(account, 0, 'size band')) as bigint) as size_band,
    'region ' || cast(floor(8 * drawn(account, 0, 'region')) as bigint) as region,
    'industry ' || cast(floor(12 * drawn(account, 0, 'industry')) as bigint) as industry,
    -- One account in five changes hands in mid-panel.
    'u' || cast(floor({owners} * drawn(
        account, case when drawn(account, 0, 'moves') < 0.2 and quarter >= 5 then 1 else 0 end, 'owner'
    )) as bigint) as owner_id,
    case
        when account_points >= 50 then 'promoter' when account_points <= -50 then 'detractor'
        when account_points is not null then 'passive' else 'no_response'
    end as nps_group,
    account_points,
    cast(account_points_sq_sum as double) as account_points_sq_sum,
    cast(n_contacts_answered as bigint) as n_contacts_answered,
    cast(0.6 * base as decimal(18, 6)) as base_profit_12m,
    'USD' as currency,
    {horizons}
from drawn_outcomes
"""

_HORIZON = """
    cast(base * {months} / 12 as decimal(18, 6)) as base_revenue_{months}m,
    cast(base * {months} / 12 * ratio as decimal(18, 6)) as next_revenue_{months}m,
    ratio - 1 as growth_{months}m,
    true as is_base_complete_{months}m,
    true as is_outcome_complete_{months}m"""

_SCORE = """
create or replace macro u(account, quarter, contact) as
    0.5 * normal(account, 0, 'mood') + 0.4 * normal(account, quarter, 'mood')
    + 0.5 * normal(account, quarter * 10 + contact, 'contact');
"""


def write_panel(build_file: Path, n_accounts: int) -> None:
    """Fill ``marts.fct_account_periods`` of a build file with ten quarter ends of so many accounts."""
    build_file.parent.mkdir(parents=True, exist_ok=True)
    horizons = ",".join(_HORIZON.format(months=months) for months in HORIZONS)
    with duckdb.connect(build_file) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(_DRAWS + _SCORE)
        connection.execute(_PANEL.format(n_accounts=n_accounts, quarters=QUARTERS, owners=OWNERS, horizons=horizons))
