"""The four tables by hand, with pandas, written as Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tests.bench.floor import raw_files

# What is asked of an answer, besides the total.
DIMENSIONS = (
    "survey_id",
    "channel",
    "touchpoint",
    "resolution_mode",
    "segment",
    "size_band",
    "region",
    "industry",
    "lifecycle_segment",
    "agent_team",
    "owner_id",
)
VERSION = ["updated_at", "loaded_at"]
OF_ACCOUNT = ["segment", "size_band", "region", "industry", "owner_id"]
NAMED = ["survey_id", "contact_id", "account_id", "agent_id", "channel", "touchpoint"]
COUNTS = ["n_scored", "n_promoters", "n_detractors"]
ONE_DAY = pd.Timedelta(days=1)


def build(raw: Path, folder: Path, as_of: date) -> None:
    """Make the tables of the company in ``raw`` and write each to ``folder/<table>.parquet``."""
    next_day = pd.Timestamp(as_of) + ONE_DAY
    accounts = read(raw, "crm_accounts", ["account_id", *OF_ACCOUNT, "created_at", "is_deleted", *VERSION])
    known = latest(accounts, "account_id")
    write(revenue_months(raw, known["account_id"], next_day), folder / "fct_account_revenue_months.parquet")
    answers = described_answers(accepted_answers(raw, next_day), accounts, known)
    responses = answers[answers["is_scored"]].drop(columns="is_scored")
    write(responses, folder / "fct_nps_responses.parquet")
    write(nps_by_month(answers), folder / "nps_by_month.parquet")
    write(nps_rolling(responses, next_day), folder / "nps_rolling.parquet")


def read(raw: Path, table: str, columns: list[str]) -> pd.DataFrame:
    """Columns of a raw table, rows in file order; decimals as 64-bit numbers."""
    found = pa.concat_tables([pq.read_table(file, columns=columns) for file in raw_files(raw, table)])
    types = [pa.float64() if pa.types.is_decimal(one.type) else one.type for one in found.schema]
    numbers = found.cast(pa.schema(zip(found.column_names, types, strict=True)))
    return pd.DataFrame(numbers.to_pandas(date_as_object=False, types_mapper={pa.bool_(): pd.BooleanDtype()}.get))


def write(frame: pd.DataFrame, file: Path) -> None:
    """All timestamps of the four tables are dates."""
    found = pa.Table.from_pandas(frame, preserve_index=False)
    types = [pa.date32() if pa.types.is_timestamp(one.type) else one.type for one in found.schema]
    pq.write_table(found.cast(pa.schema(zip(found.column_names, types, strict=True))), file)


def latest(frame: pd.DataFrame, key: str, version: Sequence[str] = VERSION) -> pd.DataFrame:
    """The last version of each key, unless it is deleted. Only keys that occur more than once are put in order."""
    versions = frame.loc[frame.duplicated(key, keep=False), [key, *version]]
    versions = versions.sort_values(list(version), na_position="first", kind="stable")
    is_latest = frame[key].notna()
    is_latest[versions.index[versions.duplicated(key, keep="last")]] = False
    if "is_deleted" in frame:
        is_latest &= ~frame["is_deleted"].fillna(False).astype(bool)
    return frame.drop(columns=[*version, "is_deleted"], errors="ignore")[is_latest]


def month_of(days: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    return pd.Series(days.to_numpy().astype("datetime64[M]").astype("datetime64[s]"), index=days.index)


def accepted_answers(raw: Path, next_day: pd.Timestamp) -> pd.DataFrame:
    """What customers answered to an NPS question, with a score or without: one row per answer."""
    asked = ["program_type", "metric", "scale_min", "scale_max", "counts_as_nps"]
    surveys = latest(read(raw, "survey_definitions", ["survey_id", *asked, *VERSION]), "survey_id")
    surveys = surveys.dropna(subset=["scale_min", "scale_max"])
    invitations = read(raw, "survey_invitations", ["invitation_id", *NAMED, "sent_at", "loaded_at"])
    invitations = latest(invitations, "invitation_id", ["loaded_at"])
    invitations = invitations[invitations["sent_at"] < next_day]
    contacts = read(raw, "crm_contacts", ["contact_id", "account_id", "last_active_at", "is_deleted", *VERSION])
    contacts = latest(contacts, "contact_id")
    agents = latest(read(raw, "crm_users", ["user_id", "team", *VERSION]), "user_id")
    said = ["resolution_mode", "answered_at", "score", "is_complete", "is_excluded", "is_deleted"]
    answers = read(raw, "survey_responses", ["response_id", "invitation_id", *NAMED, *said, *VERSION])
    answers = latest(answers, "response_id")
    is_known = answers["survey_id"].isna() | answers["survey_id"].isin(surveys["survey_id"])
    answers = answers[is_known & (answers["answered_at"] < next_day)]

    # What the answer itself does not say, its invitation may; a survey that is not defined asks for NPS on 0-10.
    answers = answers.merge(invitations, "left", on="invitation_id", suffixes=("", "_invited"))
    answers = answers[~(answers["answered_at"] < answers["sent_at"])]
    for name in NAMED:
        answers[name] = answers[name].fillna(answers.pop(f"{name}_invited"))
    answers = answers.merge(surveys, "left", on="survey_id").merge(
        contacts, "left", on="contact_id", suffixes=("", "_of_contact")
    )
    answers["account_id"] = answers["account_id"].fillna(answers["account_id_of_contact"])
    answers = answers.fillna({"program_type": "relationship", "metric": "nps", "scale_min": 0, "scale_max": 10})
    is_usual = (answers["scale_min"] == 0) & (answers["scale_max"] == 10)
    is_nps = (answers["metric"] == "nps") & answers["counts_as_nps"].fillna(is_usual).astype(bool)

    is_blank = answers["score"].str.strip().fillna("") == ""
    answers["score"] = pd.to_numeric(answers["score"], errors="coerce")
    is_valid = (answers["score"] % 1 == 0) & answers["score"].between(answers["scale_min"], answers["scale_max"])
    answers["is_scored"] = is_valid & answers["is_complete"].fillna(True) & ~answers["is_excluded"].fillna(False)
    answers = answers[is_nps & (is_valid | is_blank) & (answers["program_type"] != "employee")]
    # Few values for many answers: as categories they are numbers wherever rows are moved or grouped.
    answers = answers.assign(
        survey_id=answers["survey_id"].fillna("unspecified"),
        resolution_mode=answers["resolution_mode"].str.strip().str.lower(),
        agent_team=answers["agent_id"].map(agents.set_index("user_id")["team"]),
    )
    few = ["program_type", "survey_id", "channel", "touchpoint", "resolution_mode", "agent_team"]
    return answers.astype(dict.fromkeys(few, "category"))


def described_answers(answers: pd.DataFrame, accounts: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The answers with whose they are, what they count and how long they stand.

    An answer stands for 90 days, or until the same person answers again.
    """
    itself = "response " + answers["response_id"]
    answers = answers.assign(
        account_id=answers["account_id"].where(answers["account_id"].isin(known["account_id"])),
        cluster_id=answers["account_id"].fillna(itself),
        respondent_id=answers["contact_id"].fillna(itself),
        answered_date=answers["answered_at"].dt.normalize(),
    ).sort_values(["answered_at", "response_id"])
    # The last version of a day stands for it; what is known first has been so before.
    history = accounts.dropna(subset="account_id").sort_values(VERSION, na_position="first", kind="stable")
    history["valid_from"] = history["updated_at"].dt.normalize()
    history = history.drop_duplicates(["account_id", "valid_from"], keep="last")
    history["valid_from"] = history["valid_from"].where(history.duplicated("account_id"), pd.Timestamp("1900-01-01"))
    history = history[["account_id", *OF_ACCOUNT, "valid_from"]].astype(dict.fromkeys(OF_ACCOUNT, "category"))
    history = history.merge(known[["account_id", "created_at"]], on="account_id").sort_values("valid_from")
    answers = pd.merge_asof(answers, history, left_on="answered_date", right_on="valid_from", by="account_id")

    answered, score = answers["answered_date"], answers["score"]
    following = answers.groupby(["program_type", "respondent_id", "is_scored"], sort=False)["answered_date"].shift(-1)
    until = (answered + 89 * ONE_DAY).where(~(following <= answered + 89 * ONE_DAY), following - ONE_DAY)
    answers = answers.assign(
        score=score.astype("Int64"),
        lifecycle_segment=lifecycle_segments(answers),
        nps_category=np.select([score >= 9, score >= 7], ["promoter", "passive"], "detractor"),
        nps_points=np.select([score >= 9, score >= 7], [100, 0], -100),
        month_start=month_of(answered),
        is_last_of_month=following.isna() | (month_of(following) > month_of(answered)),
        standing_until=until.where(until >= answered),
    )
    texts = ["response_id", "account_id", "cluster_id", "respondent_id", "program_type", *DIMENSIONS]
    scores = ["score", "nps_category", "nps_points", "answered_date", "month_start", "is_last_of_month"]
    return answers[[*texts, *scores, "standing_until", "is_scored"]]


def lifecycle_segments(answers: pd.DataFrame) -> pd.Categorical[str]:
    """Whose contact has done nothing for long is inactive; of the others it is the age of the account that tells."""
    answered = answers["answered_date"]
    tenure = (answered - answers["created_at"].dt.normalize()).dt.days
    inactive = (answered - answers["last_active_at"].dt.normalize()).dt.days
    rules = [inactive >= 90, tenure.between(0, 179), tenure >= 1095, tenure.between(180, 1094)]
    names = pd.Index(["inactive", "new", "long_term", "established", "unknown"])
    return pd.Categorical.from_codes(np.select(rules, [0, 1, 2, 3], 4).astype("int8"), names)


def revenue_months(raw: Path, known: pd.Series[str], next_day: pd.Timestamp) -> pd.DataFrame:
    """One row per account, month and kind: revenue and cost in the reporting currency."""
    rates = read(raw, "exchange_rates", ["month", "currency", "rate", "loaded_at"]).dropna(subset=["month", "currency"])
    rates["month_start"] = month_of(rates["month"])
    rates = rates.sort_values(["month_start", "loaded_at"], na_position="first", kind="stable")
    rates = rates.drop_duplicates(["month_start", "currency"], keep="last")
    rates = rates.loc[rates["rate"] > 0, ["month_start", "currency", "rate"]]
    newest = rates.drop_duplicates("currency", keep="last").set_index("currency")["rate"]

    said = ["account_id", "currency", "revenue_type", "period_start", "period_end", "amount", "cost"]
    lines = latest(read(raw, "crm_revenue", ["revenue_id", *said, "is_deleted", *VERSION]), "revenue_id")
    is_valid = lines["amount"].notna() & (lines["period_start"] <= lines["period_end"])
    lines = lines.loc[is_valid & lines["account_id"].isin(known), said]
    lines = lines.fillna({"currency": "USD", "revenue_type": "other"})
    lines["month_start"], lines["last_month"] = month_of(lines["period_start"]), month_of(lines["period_end"])

    # Each month that has ended needs a rate of its own; those to come take the newest.
    rated_months = rates.groupby("currency")["month_start"].agg(set)
    last_whole_month = next_day.replace(day=1) - pd.DateOffset(months=1)
    period = ["currency", "month_start", "last_month"]
    periods = lines.loc[lines["currency"] != "USD", period].drop_duplicates()
    periods["is_unrated"] = [
        currency not in rated_months
        or not rated_months[currency].issuperset(pd.date_range(first, min(last, last_whole_month), freq="MS"))
        for currency, first, last in periods.itertuples(index=False)
    ]
    lines = lines.merge(periods, "left", on=period)
    lines = lines[~lines["is_unrated"].eq(True)]

    # A line of several months: each has its share of the days.
    is_spread = lines["month_start"] < lines["last_month"]
    spread = lines[is_spread]
    first, last = (spread[name].to_numpy().astype("datetime64[M]") for name in ("month_start", "last_month"))
    n_months = (last - first).astype("int64") + 1
    spread = spread.loc[spread.index.repeat(n_months)]
    month = np.repeat(first, n_months) + np.arange(n_months.sum()) - np.repeat(n_months.cumsum() - n_months, n_months)
    start, end = (spread[name].to_numpy().astype("datetime64[D]") for name in ("period_start", "period_end"))
    n_days = np.minimum((month + 1).astype("datetime64[D]"), end + 1) - np.maximum(month.astype("datetime64[D]"), start)
    share = n_days / (end + 1 - start)
    spread = spread.assign(month_start=month.astype("datetime64[s]"), **spread[["amount", "cost"]].mul(share, axis=0))

    earned = pd.concat([lines[~is_spread], spread]).merge(rates, "left", on=["currency", "month_start"])
    rate = earned["rate"].fillna(earned["currency"].map(newest)).where(earned["currency"] != "USD", 1)
    earned = earned.assign(revenue=earned["amount"] * rate, cost=earned["cost"] * rate)
    by = ["account_id", "month_start", "revenue_type"]
    return earned.groupby(by, as_index=False, sort=False)[["revenue", "cost"]].sum()


def by_dimension(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[NDArray[np.int64], pd.DataFrame]]:
    """For the total and each dimension: the number of each row's cell, and the cells by number.

    A cell is a combination of the keys with a value of the dimension; there are some without rows.
    """
    groups = frame.groupby(keys, sort=False)
    number, found = groups.ngroup().to_numpy().astype(np.int64), groups.size().index.to_frame(index=False)
    yield number, found.assign(dimension="all", dimension_value="all")
    for name in DIMENSIONS:
        values = frame[name].cat.set_categories(frame[name].cat.categories.union(["unknown"])).fillna("unknown")
        code, categories = values.cat.codes.to_numpy(dtype=np.int64), values.cat.categories
        cells = found.merge(pd.DataFrame({"dimension": name, "dimension_value": categories}), "cross")
        yield number * len(categories) + code, cells


def nps_by_month(answers: pd.DataFrame) -> pd.DataFrame:
    """One row per month, programme, dimension, value and rule; where nobody gave a score there is a row too."""
    is_scored, is_last = (answers[name].to_numpy(dtype=bool) for name in ("is_scored", "is_last_of_month"))
    points = answers["nps_points"].to_numpy()
    counted = np.array([is_scored, is_scored & (points == 100), is_scored & (points == -100)])
    rules = {"all_responses": counted, "contact_latest": counted & is_last}
    account, accounts = pd.factorize(answers["cluster_id"])
    scored = []
    for cell, cells in by_dimension(answers, ["month_start", "program_type"]):
        # An account in a cell is one number too: hashing a single integer is fast, several columns are not.
        cluster, clusters = pd.factorize(cell * len(accounts) + account)
        for rule, rows in rules.items():
            counts = [np.bincount(cluster[of_count], minlength=len(clusters)) for of_count in rows]
            of_clusters = pd.DataFrame(dict(zip(COUNTS, counts, strict=True)), index=clusters // len(accounts))
            scored.append(cells.join(scored_cells(of_clusters), how="inner").assign(nps_rule=rule))
    return pd.concat(scored)


def scored_cells(clusters: pd.DataFrame) -> pd.DataFrame:
    """Score and error of each cell (the index); the error is the delete-one-account jackknife, in closed form."""
    cells = with_score(clusters.groupby(level=0).sum())
    of_cell = cells.loc[clusters.index]
    points = 100 * (clusters["n_promoters"] - clusters["n_detractors"])
    rest = (of_cell["n_scored"] - clusters["n_scored"]).replace(0, np.nan)
    squares = ((points - of_cell["nps"] * clusters["n_scored"]) / rest) ** 2
    n = (clusters["n_scored"] > 0).groupby(level=0).sum()
    error = ((n - 1) / n * squares.groupby(level=0).sum()) ** 0.5
    return cells.assign(std_error=error.where(n > 1))


def with_score(counts: pd.DataFrame) -> pd.DataFrame:
    n, n_promoters, n_detractors = (counts[name] for name in COUNTS)
    return counts.assign(
        n_passives=n - n_promoters - n_detractors, nps=100 * (n_promoters - n_detractors) / n.replace(0, np.nan)
    )


def nps_rolling(responses: pd.DataFrame, next_day: pd.Timestamp) -> pd.DataFrame:
    """One row per programme, dimension, value and day from its first answer on: what stands on that day."""
    standing = responses[responses["standing_until"].notna()]
    points, first_day = standing["nps_points"].to_numpy(), standing["answered_date"].min()
    n_days = (next_day - first_day).days
    enters = (standing["answered_date"] - first_day).dt.days.to_numpy()
    leaves = (standing["standing_until"] + ONE_DAY - first_day).dt.days.clip(upper=n_days).to_numpy()
    counted = [np.full(len(points), True), points == 100, points == -100]
    rolling = []
    for cell, cells in by_dimension(standing, ["program_type"]):
        # A table of all cells and days is hardly larger than what comes out; its last column takes who leaves later.
        shape = len(cells), n_days + 1
        number, day = np.nonzero(up_to_day(cell, enters, shape)[:, :-1])
        counts = [
            (up_to_day(cell[rows], enters[rows], shape) - up_to_day(cell[rows], leaves[rows], shape))[number, day]
            for rows in counted
        ]
        days = first_day + pd.to_timedelta(day, unit="D")
        rolling.append(cells.loc[number].assign(date_day=days, **dict(zip(COUNTS, counts, strict=True))))
    return with_score(pd.concat(rolling))


def up_to_day(cell: NDArray[np.int64], day: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """How many rows of each cell there are up to each day."""
    n_of_day = np.bincount(np.ravel_multi_index((cell, day), shape), minlength=shape[0] * shape[1])
    return n_of_day.reshape(shape).cumsum(axis=1)
