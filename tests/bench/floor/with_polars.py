"""The four tables by hand, with Polars, written as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from tests.bench.floor import raw_files

DIMENSIONS = (
    *("survey_id", "channel", "touchpoint", "resolution_mode", "segment", "size_band", "region", "industry"),
    *("lifecycle_segment", "agent_team", "owner_id"),
)
OF_ACCOUNT = ("segment", "size_band", "region", "industry", "owner_id")
NAMED = ("survey_id", "contact_id", "account_id", "agent_id", "channel", "touchpoint")
CELL = ("program_type", "dimension", "dimension_value")
COUNTS = ("n_scored", "n_promoters", "n_detractors")
ONE_DAY = timedelta(days=1)


def build(raw: Path, folder: Path, as_of: date) -> None:
    """Make the tables of the company in ``raw`` and write each to ``folder/<table>.parquet``."""
    revenue_months(raw, as_of).sink_parquet(folder / "fct_account_revenue_months.parquet")
    answers = described_answers(raw, as_of).collect(engine="streaming").lazy()
    responses = answers.filter("is_scored").drop("is_scored")
    responses.sink_parquet(folder / "fct_nps_responses.parquet")
    nps_by_month(answers).sink_parquet(folder / "nps_by_month.parquet")
    nps_rolling(responses, as_of).sink_parquet(folder / "nps_rolling.parquet")


def scan(raw: Path, table: str) -> pl.LazyFrame:
    """A raw table, rows in file order."""
    return pl.scan_parquet(raw_files(raw, table))


def latest(frame: pl.LazyFrame, key: str, version: Sequence[str] = ("updated_at", "loaded_at")) -> pl.LazyFrame:
    """The last version of each key. Only keys that occur more than once are put in order."""
    numbered = frame.filter(pl.col(key).is_not_null()).with_row_index("row")
    versions = numbered.filter(pl.col(key).is_duplicated()).sort(version, nulls_last=False, maintain_order=True)
    superseded = versions.filter(~pl.col(key).is_last_distinct()).select("row")
    return numbered.join(superseded, "row", "anti").drop("row")


def latest_not_deleted(frame: pl.LazyFrame, key: str) -> pl.LazyFrame:
    return latest(frame, key).filter(~pl.col("is_deleted").fill_null(False))


def known_accounts(raw: Path) -> pl.LazyFrame:
    accounts = latest_not_deleted(scan(raw, "crm_accounts"), "account_id")
    return accounts.select("account_id", created_date=pl.col("created_at").dt.date())


def month_of(day: str) -> pl.Expr:
    return pl.col(day).dt.truncate("1mo")


def accepted_answers(raw: Path, as_of: date) -> pl.LazyFrame:
    """What customers answered to an NPS question, with a score or without: one row per answer."""
    surveys = latest(scan(raw, "survey_definitions"), "survey_id").select(
        *("survey_id", "program_type", "metric", "scale_min", "scale_max", "counts_as_nps")
    )
    surveys = surveys.drop_nulls(["scale_min", "scale_max"])
    invitations = latest(scan(raw, "survey_invitations"), "invitation_id", ["loaded_at"])
    invitations = invitations.filter(pl.col("sent_at").dt.date() <= as_of)
    contacts = latest_not_deleted(scan(raw, "crm_contacts"), "contact_id").select(
        "contact_id", account_id_of_contact="account_id", last_active_date=pl.col("last_active_at").dt.date()
    )
    invited = invitations.select("invitation_id", "sent_at", pl.col(NAMED).name.suffix("_invited"))
    is_usual = (pl.col("scale_min") == 0) & (pl.col("scale_max") == 10)
    text = pl.col("score").str.strip_chars()
    score = text.cast(pl.Float64, strict=False)
    is_counted = pl.col("is_complete").fill_null(True) & ~pl.col("is_excluded").fill_null(False)
    is_whole = (score % 1 == 0) & score.is_between("scale_min", "scale_max")
    # What the answer itself does not say, its invitation may; a survey that is not defined asks for NPS on 0-10.
    return (
        latest_not_deleted(scan(raw, "survey_responses"), "response_id")
        .filter(pl.col("answered_at").dt.date() <= as_of)
        .join(surveys.select("survey_id", is_known=True), "survey_id", "left")
        .filter(pl.col("survey_id").is_null() | pl.col("is_known"))
        .join(invited, "invitation_id", "left")
        .filter(pl.col("sent_at").is_null() | (pl.col("answered_at") >= pl.col("sent_at")))
        .with_columns(pl.coalesce(name, f"{name}_invited") for name in NAMED)
        .join(surveys, "survey_id", "left")
        .join(contacts, "contact_id", "left")
        .with_columns(
            pl.coalesce("account_id", "account_id_of_contact"),
            pl.col("survey_id").fill_null("unspecified"),
            pl.col("resolution_mode").str.strip_chars().str.to_lowercase(),
            pl.col("program_type").fill_null("relationship"),
            pl.col("metric").fill_null("nps"),
            pl.col("scale_min").fill_null(0),
            pl.col("scale_max").fill_null(10),
        )
        .filter(
            pl.col("program_type") != "employee",
            pl.col("metric") == "nps",
            pl.col("counts_as_nps").fill_null(is_usual),
            (text.fill_null("") == "") | is_whole,
        )
        .with_columns(
            score=score.cast(pl.Int64),
            is_scored=score.is_not_null() & is_counted,
            answered_date=pl.col("answered_at").dt.date(),
        )
    )


def lifecycle_segment() -> pl.Expr:
    """Of the day of the answer: that the person had gone quiet, else how long the account had been there."""
    tenure, inactive = (
        (pl.col("answered_date") - pl.col(day)).dt.total_days() for day in ("created_date", "last_active_date")
    )
    # A condition on days that are not known does not hold.
    return (
        pl.when(inactive >= 90)
        .then(pl.lit("inactive"))
        .when(tenure.is_between(0, 179))
        .then(pl.lit("new"))
        .when(tenure >= 1095)
        .then(pl.lit("long_term"))
        .when(tenure >= 180)
        .then(pl.lit("established"))
        .otherwise(pl.lit("unknown"))
    )


def described_answers(raw: Path, as_of: date) -> pl.LazyFrame:
    """The answers with whose they are, what they count and how long they stand.

    An answer stands for 90 days, or until the same person answers again.
    """
    # The last version of a day stands for it; what is known first has been so before.
    first = pl.col("account_id").is_first_distinct()
    history = (
        scan(raw, "crm_accounts")
        .drop_nulls("account_id")
        .sort("updated_at", "loaded_at", nulls_last=False, maintain_order=True)
        .select("account_id", *OF_ACCOUNT, valid_from=pl.col("updated_at").dt.date())
        .unique(["account_id", "valid_from"], keep="last", maintain_order=True)
        .with_columns(valid_from=pl.when(first).then(date(1900, 1, 1)).otherwise("valid_from"))
        .sort("valid_from")
    )
    agents = latest(scan(raw, "crm_users"), "user_id").select("user_id", agent_team="team")
    itself = pl.concat_str(pl.lit("response "), "response_id")
    person = ["program_type", "respondent_id", "is_scored"]
    score, answered, following = pl.col("score"), pl.col("answered_date"), pl.col("next_date")
    until = pl.min_horizontal(answered + 89 * ONE_DAY, following - ONE_DAY)
    category = pl.when(score >= 9).then(pl.lit("promoter")).when(score >= 7).then(pl.lit("passive"))
    return (
        accepted_answers(raw, as_of)
        .with_columns(
            cluster_id=pl.coalesce("account_id", itself),
            respondent_id=pl.coalesce("contact_id", itself),
        )
        .join(agents, left_on="agent_id", right_on="user_id", how="left")
        .join(known_accounts(raw).with_columns(is_known_account=True), "account_id", "left")
        .with_columns(account_id=pl.when("is_known_account").then("account_id"))
        .sort("answered_date")
        .join_asof(history, left_on="answered_date", right_on="valid_from", by="account_id", check_sortedness=False)
        .with_columns(
            lifecycle_segment=lifecycle_segment(),
            next_date=answered.shift(-1).over(person, order_by=["answered_at", "response_id"]),
        )
        .select(
            *("response_id", "account_id", "cluster_id", "respondent_id"),
            # As codes: what repeats takes less memory, and is grouped faster.
            pl.col("program_type", *DIMENSIONS).cast(pl.Categorical),
            "score",
            category.otherwise(pl.lit("detractor")).alias("nps_category"),
            pl.when(score >= 9).then(100).when(score >= 7).then(0).otherwise(-100).alias("nps_points"),
            "is_scored",
            "answered_date",
            month_start=month_of("answered_date"),
            is_last_of_month=(month_of("next_date") > month_of("answered_date")).fill_null(True),
            standing_until=pl.when(until >= answered).then(until),
        )
    )


def revenue_months(raw: Path, as_of: date) -> pl.LazyFrame:
    """One row per account, month and kind: revenue and cost in the reporting currency."""
    rates = (
        scan(raw, "exchange_rates")
        .drop_nulls(["month", "currency"])
        .sort("loaded_at", nulls_last=False, maintain_order=True)
        .select("currency", month_start=month_of("month"), rate=pl.col("rate").cast(pl.Float64))
        .unique(["currency", "month_start"], keep="last", maintain_order=True)
        .filter(pl.col("rate") > 0)
    )
    newest = rates.group_by("currency").agg(newest_rate=pl.col("rate").sort_by("month_start").last())
    lines = (
        latest_not_deleted(scan(raw, "crm_revenue"), "revenue_id")
        .filter(pl.col("amount").is_not_null(), pl.col("period_start") <= pl.col("period_end"))
        .join(known_accounts(raw), "account_id", "semi")
        .select(
            *("account_id", "period_start", "period_end"),
            pl.col("currency").fill_null("USD"),
            pl.col("revenue_type").fill_null("other"),
            pl.col("amount", "cost").cast(pl.Float64),
            month_start=month_of("period_start"),
            last_month=month_of("period_end"),
        )
    )
    # Read once: a plan that reads them three times works them out three times.
    lines = lines.collect(engine="streaming").lazy()

    # Each month that has ended needs a rate of its own; those to come take the newest.
    last_whole_month = ((as_of + ONE_DAY).replace(day=1) - ONE_DAY).replace(day=1)
    period = ["currency", "month_start", "last_month"]
    rated_until = pl.min_horizontal("last_month", pl.lit(last_whole_month))
    unrated = (
        lines.filter(pl.col("currency") != "USD")
        .select(period)
        .unique()
        .with_columns(month=pl.date_ranges("month_start", rated_until, "1mo"))
        .explode("month")
        .join(rates, left_on=["currency", "month"], right_on=["currency", "month_start"], how="left")
        .join(newest, "currency", "left")
        .filter(pl.col("newest_rate").is_null() | (pl.col("month").is_not_null() & pl.col("rate").is_null()))
    )
    accepted = lines.join(unrated, period, "anti")

    # A line of several months: each has its share of the days.
    is_spread = pl.col("month_start") < pl.col("last_month")
    start, end, month = pl.col("period_start"), pl.col("period_end"), pl.col("month_start")
    n_days = (pl.min_horizontal(end, month.dt.month_end()) - pl.max_horizontal(start, month)).dt.total_days() + 1
    spread = (
        accepted.filter(is_spread)
        .with_columns(month_start=pl.date_ranges("month_start", "last_month", "1mo"))
        .explode("month_start")
        .with_columns(pl.col("amount", "cost") * n_days / ((end - start).dt.total_days() + 1))
    )
    rate = pl.when(pl.col("currency") == "USD").then(1.0).otherwise(pl.coalesce("rate", "newest_rate"))
    return (
        pl.concat([accepted.filter(~is_spread), spread])
        .join(rates, ["currency", "month_start"], "left")
        .join(newest, "currency", "left")
        .group_by("account_id", "month_start", "revenue_type")
        .agg(revenue=(pl.col("amount") * rate).sum(), cost=(pl.col("cost") * rate).sum())
    )


def by_dimension(frame: pl.LazyFrame, counted: Callable[[pl.LazyFrame], pl.LazyFrame]) -> pl.LazyFrame:
    """What is counted of the total and of each dimension's values, one dimension after the other to spare memory."""
    values = {"all": pl.lit("all", pl.Categorical)} | {name: pl.col(name).fill_null("unknown") for name in DIMENSIONS}
    plans = (
        counted(frame.with_columns(dimension_value=value)).with_columns(dimension=pl.lit(name))
        for name, value in values.items()
    )
    return pl.concat([plan.collect(engine="streaming") for plan in plans]).lazy()


def with_score(frame: pl.LazyFrame) -> pl.LazyFrame:
    n, n_promoters, n_detractors = (pl.col(name) for name in COUNTS)
    return frame.with_columns(
        n_passives=n - n_promoters - n_detractors, nps=pl.when(n > 0).then(100 * (n_promoters - n_detractors) / n)
    )


def nps_by_month(answers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per month, programme, dimension, value and rule; where nobody gave a score there is a row too.

    The error is the delete-one-account jackknife of points over answers, in closed form.
    """
    cell = ["month_start", *CELL, "nps_rule"]
    value = ["month_start", "program_type", "dimension_value"]
    latest_counts = [f"{name}_of_latest" for name in COUNTS]
    counts = {
        "n_scored": pl.col("is_scored"),
        "n_promoters": pl.col("is_scored") & (pl.col("nps_points") == 100),
        "n_detractors": pl.col("is_scored") & (pl.col("nps_points") == -100),
    }
    counted = answers.with_columns(**counts).with_columns(
        (pl.col(COUNTS) & pl.col("is_last_of_month")).name.suffix("_of_latest")
    )
    # Accounts that answered alike are counted, not listed.
    alike = by_dimension(
        counted,
        lambda frame: (
            frame.group_by(*value, "cluster_id")
            .agg(pl.col(*COUNTS, *latest_counts).sum().cast(pl.Int64))
            .group_by(*value, *COUNTS, *latest_counts)
            .agg(n_clusters=pl.len().cast(pl.Int64))
        ),
    )
    rules = {"all_responses": pl.col(COUNTS), "contact_latest": pl.col(latest_counts).name.replace("_of_latest", "")}
    ruled = (
        alike.select("month_start", *CELL, of_rule, "n_clusters", nps_rule=pl.lit(rule))
        for rule, of_rule in rules.items()
    )
    classes = pl.concat(ruled).group_by(*cell, *COUNTS).agg(pl.col("n_clusters").sum())
    times = pl.col("n_clusters")
    cells = classes.group_by(cell).agg(
        (pl.col(COUNTS) * times).sum(), n_answering=times.filter(pl.col("n_scored") > 0).sum()
    )
    cells = with_score(cells)
    of_cell = cells.select(*cell, "nps", "n_answering", n_of_cell="n_scored")
    residual = 100 * (pl.col("n_promoters") - pl.col("n_detractors")) - pl.col("nps") * pl.col("n_scored")
    deleted = residual / (pl.col("n_of_cell") - pl.col("n_scored"))
    n = pl.col("n_answering").first()
    errors = (
        classes.join(of_cell, cell)
        .group_by(cell)
        .agg(std_error=pl.when(n > 1).then(((n - 1) / n * (times * deleted**2).sum()).sqrt()))
    )
    return cells.drop("n_answering").join(errors, cell)


def nps_rolling(responses: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """One row per programme, dimension, value and day from its first answer on: what stands on that day."""
    standing = responses.filter(pl.col("standing_until").is_not_null()).with_columns(
        n_scored=1,
        n_promoters=(pl.col("nps_points") == 100).cast(pl.Int32),
        n_detractors=(pl.col("nps_points") == -100).cast(pl.Int32),
    )
    enters = standing.with_columns(date_day="answered_date")
    leaves = standing.with_columns(-pl.col(COUNTS), date_day=pl.col("standing_until") + ONE_DAY)
    by_day = by_dimension(
        pl.concat([enters, leaves]),
        lambda frame: frame.group_by("program_type", "dimension_value", "date_day").agg(pl.col(COUNTS).sum()),
    )
    from_first = pl.date_range(pl.col("date_day").min(), pl.lit(as_of))
    days = by_day.group_by(CELL).agg(date_day=from_first).explode("date_day")
    standing_by_day = pl.col(COUNTS).fill_null(0).cum_sum().over(CELL, order_by="date_day").cast(pl.Int64)
    return with_score(days.join(by_day, [*CELL, "date_day"], "left").with_columns(standing_by_day))
