"""Account panels of any size for the bench, made by the engine from hashes: the same rows each time."""

from __future__ import annotations

from pathlib import Path

import duckdb

QUARTERS = 10
OWNERS = 300
HORIZONS = (3, 6, 12)

# Uniform on (0, 1) and normal, by a row's key and the number of what is drawn.
_DRAWS = """
create or replace macro drawn(account, quarter, number) as
    (hash(account * 1000 + quarter * 100 + number) % 9007199254740881 + 0.5) / 9007199254740881;
create or replace macro normal(account, quarter, number) as
    sqrt(-2 * ln(drawn(account, quarter, number))) * cos(2 * pi() * drawn(account, quarter, number + 50));
create or replace macro points(mood) as case when mood < -0.4 then -100 when mood < 0.4 then 0 else 100 end;
"""

# One to three contacts each quarter, a quarter of the accounts silent; churn, growth that follows the points by 0.001,
# and one account in five that changes hands.
_PANEL = """
create or replace table marts.fct_account_periods as
with cells as (
    select
        account,
        quarter,
        1 + cast(floor(3 * drawn(account, quarter, 1)) as bigint) as n_contacts,
        drawn(account, quarter, 2) < 0.25 as is_silent,
        0.5 * normal(account, 0, 3) + 0.4 * normal(account, quarter, 4) as mood
    from range(1, {n_accounts} + 1) as accounts(account)
    cross join range({quarters}) as quarters(quarter)
),
contacts as (
    select
        *,
        points(mood + 0.5 * normal(account, quarter, 5)) as first,
        case when n_contacts > 1 then points(mood + 0.5 * normal(account, quarter, 6)) else 0 end as second,
        case when n_contacts > 2 then points(mood + 0.5 * normal(account, quarter, 7)) else 0 end as third
    from cells
),
scored as (
    select
        *,
        case when not is_silent then (first + second + third) / n_contacts end as account_points,
        cast(case when not is_silent then first * first + second * second + third * third end as double)
            as account_points_sq_sum,
        case when not is_silent then (first + third) / (1 + (n_contacts > 2)::int) end as first_half_points,
        cast(case when not is_silent and n_contacts > 1 then second end as double) as second_half_points,
        cast(case when is_silent then 0 else 1 + (n_contacts > 2)::int end as bigint) as n_first_half_answers,
        cast(exp(9 + 1.2 * normal(account, 0, 8)) * (0.9 + 0.2 * drawn(account, quarter, 9)) as decimal(18, 6)) as base
    from contacts
),
grown as (
    select
        *,
        case when drawn(account, quarter, 10) < 0.03 then 0 else greatest(
            0,
            1.02 + 0.001 * coalesce(account_points, 0)
            + 0.05 * normal(account, 0, 11) + 0.15 * normal(account, quarter, 12)
        ) end as ratio
    from scored
)
select
    'a' || account as account_id,
    last_day(date '2020-03-01' + to_months(cast(3 * quarter as integer))) as as_of_date,
    'segment ' || cast(floor(3 * drawn(account, 0, 13)) as bigint) as segment,
    'size ' || cast(floor(5 * drawn(account, 0, 14)) as bigint) as size_band,
    'region ' || cast(floor(8 * drawn(account, 0, 15)) as bigint) as region,
    'industry ' || cast(floor(12 * drawn(account, 0, 16)) as bigint) as industry,
    'u' || cast(floor({owners} * drawn(
        account, case when quarter >= 5 and drawn(account, 0, 17) < 0.2 then 1 else 0 end, 18
    )) as bigint) as owner_id,
    case
        when account_points >= 50 then 'promoter' when account_points <= -50 then 'detractor'
        when account_points is not null then 'passive' else 'no_response'
    end as nps_group,
    account_points,
    account_points_sq_sum,
    first_half_points,
    second_half_points,
    n_first_half_answers,
    cast(case when is_silent then 0 else n_contacts end as bigint) as n_contacts_answered,
    cast(case when is_silent then 0 else n_contacts end as bigint) as n_fresh_answers,
    cast(0.6 * base as decimal(18, 6)) as base_profit_12m,
    {horizons}
from grown
"""

# One account in four is of a family of four.
_FAMILIES = """
create or replace table marts.dim_accounts as
select
    'a' || account as account_id,
    'a' || case when account % 16 < 4 then account - account % 4 else account end as ultimate_parent_account_id
from range(1, {n_accounts} + 1) as accounts(account)
"""

_HORIZON = """
    cast(base * {months} / 12 as decimal(18, 6)) as base_revenue_{months}m,
    cast(base * {months} / 12 * ratio as decimal(18, 6)) as next_revenue_{months}m,
    ratio - 1 as growth_{months}m,
    true as is_base_complete_{months}m,
    true as is_outcome_complete_{months}m"""


def write_panel(build_file: Path, n_accounts: int) -> None:
    """Fill ``marts.fct_account_periods`` of a build file with ten quarter ends of so many accounts."""
    build_file.parent.mkdir(parents=True, exist_ok=True)
    horizons = ",".join(_HORIZON.format(months=months) for months in HORIZONS)
    with duckdb.connect(build_file) as connection:
        connection.execute("create schema if not exists marts")
        # Its ledger passed its checks, which are not built here.
        connection.execute("create schema if not exists intermediate")
        connection.execute("create or replace table intermediate.int_money_withheld as select false as is_withheld")
        connection.execute(_FAMILIES.format(n_accounts=n_accounts))
        connection.execute(_DRAWS)
        connection.execute(_PANEL.format(n_accounts=n_accounts, quarters=QUARTERS, owners=OWNERS, horizons=horizons))
