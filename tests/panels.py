"""Panels of accounts and quarter ends with a known effect of a point, and the models of its value run on them.

A panel stands in the place of ``fct_account_periods``; what the models make of it is read back from a database in
memory. Regions are companies of their own, so one run of the models estimates hundreds of companies.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy import stats

from orchestration.settings import PROJECT
from tests.compiled_models import GIVEN
from tests.conftest import build_environment

Table = pd.DataFrame
Generator = np.random.Generator
Numbers = np.ndarray[Any, np.dtype[Any]]

HORIZON = 3
# Whole quarters, as the project's variable has them; a panel has those for which it has revenue.
HORIZONS = (3, 6, 12)
FIRST_QUARTER_END = "2020-03-31"
PANEL = "fct_account_periods"
# What is read of the estimates; everything between the panel and them is run too.
ESTIMATES = (
    "nps_point_value",
    "nps_point_value_checks",
    "nps_point_value_path",
    "int_value_slopes_estimated",
    "int_past_growths_tested",
    "int_value_cells_numbered",
)


# Panels ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Company:
    """How the accounts of a company score and grow. ``effect`` is growth per point: .001 is 10 % per 100 points."""

    effect: float = 0.001
    # Growth that comes with the account's quality, which also lifts its score: per standard deviation of quality.
    confounding: float = 0.0
    n_accounts: int = 200
    n_periods: int = 10
    # Standard deviation of the logarithm of an account's revenue.
    revenue_tail: float = 1.0
    noise: float = 0.25
    # Of an account's noise, what is still there a quarter later.
    persistence: float = 0.5
    most_contacts: int = 4
    share_silent: float = 0.2
    # Accounts that leave in a quarter: the outcome is −1, and there is no later base.
    share_leaving: float = 0.0

    def rows(self, rng: Generator) -> Table:
        """One row per account and period: points (none where silent), base revenue and growth."""
        shape = (self.n_accounts, self.n_periods)
        quality = rng.normal(0, 1, (self.n_accounts, 1))
        mood = quality + rng.normal(0, 0.7, shape)
        n_contacts = rng.integers(1, self.most_contacts + 1, self.n_accounts)
        answers = np.full((self.most_contacts, *shape), np.nan)
        for contact in range(self.most_contacts):
            voice = mood + rng.normal(0, 1, shape)
            answered = (n_contacts > contact)[:, None]
            answers[contact] = np.where(
                answered, np.where(voice > 0.4, 100.0, np.where(voice < -0.9, -100.0, 0.0)), np.nan
            )
        points, first_half, second_half = mean(answers), mean(answers[::2]), mean(answers[1::2])

        surprise = rng.normal(0, 1, shape)
        lasting = np.empty(shape)
        lasting[:, 0] = surprise[:, 0]
        for period in range(1, self.n_periods):
            fresh = np.sqrt(1 - self.persistence**2) * surprise[:, period]
            lasting[:, period] = self.persistence * lasting[:, period - 1] + fresh
        season = rng.normal(0.02, 0.03, self.n_periods)
        growth = season + self.confounding * quality + self.effect * points + self.noise * lasting
        leaves = rng.random(shape) < self.share_leaving
        growth = np.where(leaves, -1.0, np.maximum(growth, -1.0))
        is_there = np.concatenate([np.ones((self.n_accounts, 1), bool), np.cumsum(leaves, axis=1)[:, :-1] == 0], axis=1)

        base = np.exp(rng.normal(8, self.revenue_tail, (self.n_accounts, 1)) + rng.normal(0, 0.1, shape))
        accounts, periods = np.indices(shape)
        rows = pd.DataFrame(
            {
                "account": accounts.ravel(),
                "period": periods.ravel(),
                "account_points": np.where(rng.random(shape) < self.share_silent, np.nan, points).ravel(),
                "first_half_points": first_half.ravel(),
                "second_half_points": second_half.ravel(),
                "n_first_half_answers": np.repeat((n_contacts + 1) // 2, self.n_periods),
                "n_contacts_answered": np.repeat(n_contacts, self.n_periods),
                "base": base.ravel(),
                "growth": growth.ravel(),
            }
        )
        segments = rng.choice(["enterprise", "mid_market", "small_business"], self.n_accounts)
        sizes = rng.choice(["1-49", "50-249", "250+"], self.n_accounts)
        rows["segment"] = segments[rows["account"]]
        rows["size_band"] = sizes[rows["account"]]
        return rows[is_there.ravel()]


@dataclass(frozen=True)
class Ledger:
    """Accounts whose revenue goes from quarter to quarter, so that base, outcome and what was before hang together.

    Each quarter an account grows, and at its end it is asked. ``effect`` is growth per point in the quarter after.
    """

    effect: float = 0.0
    # What the mood takes from growth that has been made: per standard deviation of the quarter's own growth.
    reaction: float = 0.0
    # Over how many quarters that growth is counted.
    reaction_quarters: int = 1
    # Of an account's own growth, and of its mood, what is still there a quarter later.
    persistence: float = 0.0
    mood_persistence: float = 0.0
    # Growth that comes with the account's quality, which also lifts its score: per standard deviation of quality.
    confounding: float = 0.0
    n_accounts: int = 200
    n_quarters: int = 13
    noise: float = 0.15
    revenue_tail: float = 1.0
    share_silent: float = 0.1
    # Contacts of an account, each with an opinion of its own; none: the score is the mood itself.
    most_contacts: int = 0
    # Of the contacts, how many answer when they are asked.
    share_answering: float = 1.0
    # Quarters from one survey of an account to the next, and for how many an answer stands.
    survey_every: int = 1
    standing_quarters: int = 1
    # Seasons of an account's own, every year alike, in its growth and, independently, in its mood: standard deviations.
    season_of_growth: float = 0.0
    season_of_mood: float = 0.0
    # What an account's mood drifts by in a quarter, each its own way, and its growth a tenth as far.
    drift: float = 0.0
    # Accounts in which somebody leaves in a quarter: the mood falls for good, and revenue by a fifth in the next.
    share_departing: float = 0.0
    # Quarters that pass before the ledger begins.
    n_unseen: int = 8
    # Owners of accounts, or families of them under one parent, that share what moves growth and mood: how much, in
    # standard deviations of growth and of mood, and what of it is still there a quarter later.
    n_owners: int = 1
    n_parents: int = 0
    shared_growth: float = 0.0
    shared_mood: float = 0.0
    shared_persistence: float = 0.0

    def rows(self, rng: Generator) -> Table:
        """One row per account and quarter: points at its end (none where silent) and its revenue."""
        n, n_quarters = self.n_accounts, self.n_unseen + self.n_quarters
        quality = rng.normal(0, 1, n)
        season = rng.normal(0.01, 0.03, n_quarters)
        surprise, fresh = rng.normal(0, 1, (2, n_quarters, n))
        voices = rng.normal(0, 1, (n_quarters, max(self.most_contacts, 1), n))
        n_contacts = rng.integers(1, self.most_contacts + 1, n) if self.most_contacts else np.ones(n, int)
        is_answering = rng.random(voices.shape) < self.share_answering
        own, passing, driving = rng.normal(0, 1, n), rng.normal(0, 1, n), np.zeros(n)
        logarithm = rng.normal(8, self.revenue_tail, n)
        owners, parents = rng.integers(0, self.n_owners, n), rng.integers(0, max(self.n_parents, 1), n)
        shared = self._shared(rng, parents if self.n_parents else owners, n_quarters)
        seasons = rng.normal(0, 1, (2, 4, n))
        seasons -= seasons.mean(axis=1, keepdims=True)
        # Drawn apart, so that companies without either are those that they were.
        (apart,) = rng.spawn(1)
        drift, is_departing = apart.normal(0, self.drift, n), apart.random((n_quarters, n)) < self.share_departing
        made = np.zeros((n_quarters, n))
        revenue = np.zeros((n_quarters, n))
        answers = np.full((n_quarters, max(self.most_contacts, 1), n), np.nan)
        for quarter in range(n_quarters):
            own = self.persistence * own + np.sqrt(1 - self.persistence**2) * surprise[quarter]
            growth = season[quarter] + self.confounding * quality + self.noise * own + self.effect * driving
            growth = growth + self.shared_growth * shared[0, quarter] + self.season_of_growth * seasons[0, quarter % 4]
            growth = growth + 0.1 * drift * (quarter - self.n_unseen)
            growth = growth - 0.2 * is_departing[quarter - 1] * (quarter > 0)
            logarithm = logarithm + np.log1p(np.maximum(growth, -0.95))
            revenue[quarter], made[quarter] = np.exp(logarithm), own
            passing = self.mood_persistence * passing + np.sqrt(1 - self.mood_persistence**2) * fresh[quarter]
            past = made[max(quarter + 1 - self.reaction_quarters, 0) : quarter + 1].sum(axis=0)
            mood = quality + 0.7 * passing + self.reaction * past / np.sqrt(self.reaction_quarters)
            mood = mood + self.shared_mood * shared[1, quarter] + self.season_of_mood * seasons[1, quarter % 4]
            mood = mood + drift * (quarter - self.n_unseen) - is_departing[: quarter + 1].sum(axis=0)
            if self.most_contacts:
                given = as_points(mood + voices[quarter])
                is_given = (np.arange(self.most_contacts)[:, None] < n_contacts) & is_answering[quarter]
                answers[quarter] = np.where(is_given, given, np.nan)
                # What a crowd of contacts would give: the points without noise.
                driving = 100 * (stats.norm.cdf(mood - 0.6) - stats.norm.cdf(-0.6 - mood))
            else:
                driving = as_points(mood)
                answers[quarter, 0] = driving
        is_silent = rng.random((n_quarters, n)) < self.share_silent
        is_asked = (np.arange(n_quarters)[:, None] + np.arange(n)) % self.survey_every == 0
        answers[np.broadcast_to((is_silent | ~is_asked)[:, None], answers.shape)] = np.nan
        standing = last_given(answers, self.standing_quarters)
        seen = slice(self.n_unseen, None)
        accounts, quarters = np.indices((n, self.n_quarters))
        columns = {
            "account_points": mean(standing, axis=1),
            "account_points_sq_sum": np.nansum(standing**2, axis=1),
            "first_half_points": mean(answers[:, ::2], axis=1),
            "second_half_points": mean(answers[:, 1::2], axis=1),
            "n_contacts_answered": np.isfinite(standing).sum(axis=1),
            "n_first_half_answers": np.isfinite(answers[:, ::2]).sum(axis=1),
            "n_fresh_answers": np.isfinite(answers).sum(axis=1),
            "revenue": revenue,
        }
        segments = rng.choice(["enterprise", "mid_market", "small_business"], n)
        return pd.DataFrame(
            {
                "account": accounts.ravel(),
                "period": quarters.ravel(),
                **{name: values[seen].T.ravel() for name, values in columns.items()},
                "segment": np.repeat(segments, self.n_quarters),
                "size_band": "all",
                "owner": np.repeat(owners, self.n_quarters),
                # The first account of a family is its parent.
                "parent": np.repeat(pd.Series(range(n)).groupby(parents).transform("min"), self.n_quarters)
                if self.n_parents
                else accounts.ravel(),
            }
        )

    def _shared(self, rng: Generator, groups: Numbers, n_quarters: int) -> Numbers:
        """What the group of each account does to its growth and, independently, to its mood, by quarter."""
        fresh = rng.normal(0, 1, (2, n_quarters, groups.max() + 1))
        lasting = fresh.copy()
        for quarter in range(1, n_quarters):
            lasting[:, quarter] = (
                self.shared_persistence * lasting[:, quarter - 1]
                + np.sqrt(1 - self.shared_persistence**2) * fresh[:, quarter]
            )
        return lasting[:, :, groups]


def mean(answers: Numbers, axis: int = 0) -> Numbers:
    """The mean of the answers that are given; none where there are none."""
    n_given = np.isfinite(answers).sum(axis=axis)
    return np.where(n_given > 0, np.nansum(answers, axis=axis) / np.maximum(n_given, 1), np.nan)


def last_given(answers: Numbers, n_quarters: int) -> Numbers:
    """Each contact's last answer of so many quarters; ``answers`` by quarter, contact and account."""
    found = answers.copy()
    for quarter in range(len(answers)):
        for age in range(1, min(n_quarters, quarter + 1)):
            found[quarter] = np.where(np.isnan(found[quarter]), answers[quarter - age], found[quarter])
    return found


def as_points(mood: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.where(mood > 0.6, 100.0, np.where(mood < -0.6, -100.0, 0.0))


def with_windows(rows: Table, horizons: Sequence[int] = HORIZONS) -> Table:
    """A ledger's rows with revenue of the months up to each quarter end and after it, as the fact has them."""
    by_quarter = rows.pivot(index="account", columns="period", values="revenue").fillna(0.0)
    n_quarters = by_quarter.shape[1]
    summed = by_quarter.cumsum(axis=1).to_numpy()
    summed = np.concatenate([np.zeros((len(summed), 1)), summed], axis=1)
    found = rows.copy()
    period, account = rows["period"].to_numpy(), by_quarter.index.get_indexer(pd.Index(rows["account"]))
    for months in horizons:
        n = months // 3
        is_base_complete, is_outcome_complete = period + 1 >= n, period + n < n_quarters
        first, last = np.maximum(period + 1 - n, 0), np.minimum(period + 1 + n, n_quarters)
        here = summed[account, period + 1]
        found[f"base_revenue_{months}m"] = here - summed[account, first]
        found[f"next_revenue_{months}m"] = np.where(is_outcome_complete, summed[account, last] - here, np.nan)
        found[f"is_base_complete_{months}m"] = is_base_complete
        found[f"is_outcome_complete_{months}m"] = is_outcome_complete
    return found.drop(columns="revenue")


def as_panel(companies: Mapping[str, Table]) -> Table:
    """Rows of ``fct_account_periods``: each company is a region. Rows without windows are of 3 months alone."""
    quarter_ends = pd.date_range(FIRST_QUARTER_END, periods=60, freq="QE")
    panel = pd.concat([rows.assign(region=name) for name, rows in companies.items()], ignore_index=True)
    panel["account_id"] = panel["region"] + " " + panel["account"].astype(str)
    if "owner" in panel:
        panel["owner_id"] = panel["region"] + " " + panel["owner"].astype(str)
        panel["ultimate_parent_account_id"] = panel["region"] + " " + panel["parent"].astype(str)
        panel = panel.drop(columns=["owner", "parent"])
    panel["as_of_date"] = quarter_ends[panel["period"]]
    if "base" in panel:
        panel[f"base_revenue_{HORIZON}m"] = panel["base"]
        panel[f"next_revenue_{HORIZON}m"] = panel["base"] * (1 + panel["growth"])
        panel[f"is_base_complete_{HORIZON}m"] = panel[f"is_outcome_complete_{HORIZON}m"] = True
        panel = panel.drop(columns=["base", "growth"])
    money = [str(name) for name in panel if str(name).startswith(("base_revenue_", "next_revenue_"))]
    panel[money] = panel[money].round(6)
    panel["currency"] = "USD"
    panel["n_contacts_answered"] = panel["n_contacts_answered"].where(panel["account_points"].notna(), 0)
    points = panel["account_points"]
    group = np.where(points >= 50, "promoter", np.where(points <= -50, "detractor", "passive"))
    panel["nps_group"] = np.where(points.isna(), "no_response", group)
    return panel.drop(columns=["account", "period"])


# Models ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """A model that reads the panel, as the build would run it."""

    name: str
    relation: str
    sql: str


@dataclass(frozen=True)
class Estimator:
    """The models between the panel and the estimates, compiled once; ``run`` gives their tables for a panel."""

    models: Sequence[Model]
    panel_relation: str
    panel_columns: Mapping[str, str]
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # Relations that are given with their rows, each by its query.
    given: Mapping[str, str] = field(default_factory=dict)

    def run(self, panel: Table, threads: int = 2) -> dict[str, Table]:
        """The estimates of a panel, by the name of their table."""
        with (
            tempfile.TemporaryDirectory() as spilled,
            duckdb.connect(config={"threads": threads, "memory_limit": "4GB", "temp_directory": spilled}) as connection,
        ):
            for schema in ("staging", "intermediate", "marts", "reference"):
                connection.execute(f"create schema {schema}")
            for relation, columns in {self.panel_relation: self.panel_columns, **self.inputs}.items():
                listed = ", ".join(f'"{name}" {data_type}' for name, data_type in columns.items())
                connection.execute(f"create table {relation} ({listed})")
            for relation, query in self.given.items():
                connection.execute(f"create table {relation} as {query}")
            rows = with_growth(panel)
            connection.register("given", rows[[name for name in self.panel_columns if name in rows]])
            connection.execute(f"insert into {self.panel_relation} by name select * from given")
            if "ultimate_parent_account_id" in rows:
                self._insert_parents(connection, rows)
            for model in self.models:
                connection.execute(f"create table {model.relation} as {model.sql}")
            return {
                model.name: connection.execute(f"select * from {model.relation}").df()
                for model in self.models
                if model.name in ESTIMATES
            }

    def _insert_parents(self, connection: duckdb.DuckDBPyConnection, rows: Table) -> None:
        columns = ["account_id", "ultimate_parent_account_id"]
        (accounts,) = (relation for relation in self.inputs if '"dim_accounts"' in relation)
        connection.register("parents", rows[columns].drop_duplicates())
        connection.execute(f"insert into {accounts} by name select * from parents")


def with_growth(panel: Table) -> Table:
    """The panel with growth as the fact has it, from revenue to six decimals."""
    found = panel.copy()
    for months in HORIZONS:
        if f"base_revenue_{months}m" in panel:
            base, after = panel[f"base_revenue_{months}m"], panel[f"next_revenue_{months}m"]
            is_known = (base > 0) & panel[f"is_base_complete_{months}m"]
            found[f"growth_{months}m"] = ((after - base) / base).where(is_known)
    return found


def compiled_estimator(folder: Path, horizons: Sequence[int] = (HORIZON,), **variables: Any) -> Estimator:
    """The estimator for these horizons, with variables of the project; the panel's regions are its only dimension."""
    given = {
        "as_of_date": "2034-12-31",
        "revenue_horizons_months": list(horizons),
        "account_dimensions": ["region"],
        "dimensions_by_halves": ["region"],
        **variables,
    }
    target = folder / "target"
    selection = " ".join(f"{PANEL}+,+{name}" for name in ESTIMATES)
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--no-introspect"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    command += ["--log-path", str(folder / "logs"), "--vars", json.dumps(given)]
    command += ["--select", *selection.split(), "--exclude", "resource_type:test", "resource_type:unit_test"]
    # The database in memory is called so, and relations are written with their database.
    environment = build_environment(folder, folder, NPS_BUILD_FILE=str(folder / "memory.duckdb"))
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes: dict[str, Any] = manifest["nodes"]
    found = {key: node for key, node in nodes.items() if node.get("compiled_code") and node["name"] != PANEL}
    panel = next(node for node in nodes.values() if node["name"] == PANEL)
    done: list[str] = []

    def visit(key: str) -> None:
        for parent in found[key]["depends_on"]["nodes"]:
            if parent in found:
                visit(parent)
        if key not in done:
            done.append(key)

    for key in sorted(found):
        visit(key)
    outside = {
        parent: nodes[parent]
        for key in done
        for parent in nodes[key]["depends_on"]["nodes"]
        if parent not in found and nodes[parent]["name"] != PANEL
    }
    return Estimator(
        models=[Model(nodes[key]["name"], nodes[key]["relation_name"], nodes[key]["compiled_code"]) for key in done],
        panel_relation=panel["relation_name"],
        panel_columns={name: column["data_type"] for name, column in panel["columns"].items()},
        inputs={
            node["relation_name"]: {name: column["data_type"] for name, column in node["columns"].items()}
            for node in outside.values()
            if node["name"] not in GIVEN
        },
        given={node["relation_name"]: GIVEN[node["name"]] for node in outside.values() if node["name"] in GIVEN},
    )


# Replicates --------------------------------------------------------------------------------------------------------


def replicated(company: Company | Ledger, n_replicates: int, seed: int) -> Table:
    """The panel of as many companies of one kind, each from a stream of its own."""
    streams = np.random.default_rng(seed).spawn(n_replicates)
    found = {f"r{index:04d}": company.rows(stream) for index, stream in enumerate(streams)}
    if isinstance(company, Ledger):
        found = {name: with_windows(rows) for name, rows in found.items()}
    return as_panel(found)


# Shapes that a real ledger has ----------------------------------------------------------------------------------------


def shapes(seed: int = 7) -> dict[str, Table]:
    """Companies of every shape that an estimator meets, by name."""
    rng = np.random.default_rng(seed)
    plain = Company(n_accounts=150, n_periods=8, share_silent=0.0, revenue_tail=0.8, confounding=0.05)
    found = {
        "balanced": plain.rows(rng),
        "unbalanced": replace(plain, share_silent=0.45).rows(rng),
        "churn": replace(plain, share_leaving=0.06).rows(rng),
        "one_contact": replace(plain, most_contacts=1).rows(rng),
        "several_contacts": replace(plain, most_contacts=9).rows(rng),
        "one_dominant_account": plain.rows(rng),
        "ties": plain.rows(rng),
        "periods_with_one_account": plain.rows(rng),
        "disconnected": plain.rows(rng),
        "accounts_that_never_change": plain.rows(rng),
    }
    dominant = found["one_dominant_account"]
    dominant.loc[dominant["account"] == 0, "base"] *= 2_000
    ties = found["ties"]
    found["ties"] = ties.assign(base=1_000.0, growth=ties["growth"].round(1), account_points=points_of_one(ties))
    lonely = found["periods_with_one_account"]
    found["periods_with_one_account"] = lonely[(lonely["period"] % 3 != 1) | (lonely["account"] == 5)]
    apart = found["disconnected"]
    found["disconnected"] = apart[(apart["account"] % 2 == 0) == (apart["period"] < 4)]
    constant = found["accounts_that_never_change"]
    is_constant = constant["account"] % 2 == 0
    found["accounts_that_never_change"] = constant.assign(
        account_points=constant["account_points"].mask(is_constant, 100.0)
    )
    return found


def points_of_one(rows: Table) -> pd.Series:
    """Points as if a single contact had answered."""
    nearest = np.sign(rows["account_points"]) * (rows["account_points"].abs() >= 50)
    return pd.Series(100.0 * nearest, index=rows.index)
