"""What is published of employees names nobody, and nobody can be reached by subtraction.

Two attackers. The first knows more than the release says: the exact number of answers in each group that is shown. By
adding and subtracting these, the hidden teams are reached as one group: the total less the teams shown. They are safe
when it is two teams at least, with as many people as the threshold. The second knows the rules, and thinks through all
companies that there can be: what is published of a month must leave no team with one possible count under the
threshold, and nobody with one possible answer.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import load_settings

THRESHOLD = 5
SCORES = (0, 6, 7, 8, 9, 10)

# One month of a company: the scores of each team.
Month = dict[str, list[int]]
# What is published of a month, by team; `all` is the company. None: hidden.
Shown = dict[str, tuple[int, float] | None]


@pytest.fixture(scope="module")
def model(sample_release: Path) -> str:
    """The query of the mart as the build ran it."""
    compiled = load_settings({"NPS_HOME": str(sample_release)}).dbt_target_folder / "compiled" / "nps_warehouse"
    found = list((compiled / "models" / "marts" / "employee").glob("employee_nps.sql"))
    assert len(found) == 1
    return found[0].read_text(encoding="utf-8")


@contextmanager
def prepared() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with what the mart reads, and no answers yet."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        for schema in ("staging", "marts", "reference"):
            connection.execute(f"create schema warehouse.{schema}")
        connection.execute(
            "create table warehouse.marts.dim_surveys as select 'emp' as survey_id, 'employee' as program_type, "
            "true as counts_as_nps, cast(null as text) as suppression_reason"
        )
        connection.execute(
            "create table warehouse.staging.stg_survey__invitations (invitation_id text, survey_id text, verdict text)"
        )
        connection.execute(
            "create table warehouse.reference.nps_scale as select unnest(range(11)) as score, "
            "case when score >= 9 then 100 when score >= 7 then 0 else -100 end as nps_points"
        )
        connection.execute(
            "create table warehouse.staging.stg_survey__responses (survey_id text, invitation_id text, "
            "employee_team text, score integer, answered_date date, is_complete boolean, is_excluded boolean, "
            "verdict text)"
        )
        yield connection


def published(model: str, months: list[Month]) -> list[Shown]:
    """What the mart makes of some months, each a month of its own."""
    with prepared() as connection:
        rows = [
            ("emp", None, team, score, f"{2000 + index // 12}-{index % 12 + 1:02d}-15", True, False, "accepted")
            for index, month in enumerate(months)
            for team, scores in month.items()
            for score in scores
        ]
        connection.executemany(
            "insert into warehouse.staging.stg_survey__responses values (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        columns = "month_start, team, n_bucketed, nps, is_suppressed"
        found = connection.execute(f"select {columns} from ({model})").fetchall()
    shown: list[Shown] = [{} for _ in months]
    for start, team, n_bucketed, nps, is_suppressed in found:
        assert is_suppressed == (n_bucketed is None) == (nps is None)
        shown[(start.year - 2000) * 12 + start.month - 1][team] = None if is_suppressed else (n_bucketed, nps)
    return shown


def groups_laid_bare(month: Month, shown: Shown) -> Iterator[set[str]]:
    """Each hidden group of teams whose sums follow from the rows that are shown."""
    hidden = {team for team in month if shown[team] is None}
    # Rows are single teams and one total: whatever is taken from it, the hidden teams stay together.
    if shown["all"] is not None and hidden:
        yield hidden


def every_month(sizes: Iterable[int], rng: random.Random) -> Month:
    return {f"team {index}": rng.choices(SCORES, k=size) for index, size in enumerate(sizes)}


def random_months(seed: int, count: int) -> list[Month]:
    rng = random.Random(seed)
    return [
        every_month([rng.choice((1, 2, 3, 4, 5, 6, 9, 20)) for _ in range(rng.randint(1, 6))], rng)
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_hidden_follows_from_what_is_shown(model: str, seed: int) -> None:
    months = random_months(seed, 300)

    outcomes = Counter[str]()
    for month, shown in zip(months, published(model, months), strict=True):
        assert set(shown) == {*month, "all"}
        for team, scores in month.items():
            assert len(scores) >= THRESHOLD or shown[team] is None, (month, shown)
        assert sum(map(len, month.values())) >= THRESHOLD or shown["all"] is None
        for group in groups_laid_bare(month, shown):
            assert len(group) >= 2, (month, shown)
            assert sum(len(month[team]) for team in group) >= THRESHOLD, (month, shown)
        outcomes["hidden beside a total"] += any(True for _ in groups_laid_bare(month, shown))
        outcomes["hidden total"] += shown["all"] is None
        outcomes["all shown"] += None not in shown.values()
    # The companies are of every kind, or the test has not looked.
    assert min(outcomes.values()) >= 10 and len(outcomes) == 3, outcomes


def test_no_more_is_hidden_than_must_be(model: str) -> None:
    months = random_months(4, 300)

    for month, shown in zip(months, published(model, months), strict=True):
        hidden = [team for team in month if shown[team] is None]
        large = [team for team in hidden if len(month[team]) >= THRESHOLD]
        assert (shown["all"] is None) == (sum(map(len, month.values())) < THRESHOLD)
        for kept in (set(hidden) - {team} for team in large):
            # Had one large team less been hidden, those left would have been laid bare.
            assert len(kept) < 2 or sum(len(month[team]) for team in kept) < THRESHOLD, (month, shown)


def test_the_figures_shown_are_those_of_the_group(model: str) -> None:
    months = random_months(5, 100)

    for month, shown in zip(months, published(model, months), strict=True):
        hidden = [score for team, scores in month.items() if shown[team] is None for score in scores]
        groups = [rounded(scores) for team, scores in month.items() if shown[team] is not None]
        if len(hidden) >= THRESHOLD:
            groups.append(rounded(hidden))
        for team, scores in month.items():
            assert shown[team] in (None, rounded(scores))
        if shown["all"] is not None:
            n_bucketed, nps = shown["all"]
            average = sum(n * score for n, score in groups) / sum(n for n, _ in groups)
            assert n_bucketed == sum(map(len, month.values())) // 5 * 5
            assert nps % 5 == 0 and abs(nps - average) <= 2.5


def rounded(scores: list[int]) -> tuple[int, float]:
    """A group as it is published: its count and its score in steps, a half away from 0."""
    points = sum(100 if score >= 9 else 0 if score >= 7 else -100 for score in scores)
    n_bucketed = len(scores) // 5 * 5
    step = 5 if n_bucketed >= 40 else 10 if n_bucketed >= 20 else 20 if n_bucketed >= 10 else 50
    steps = math.floor(abs(points) / len(scores) / step + 0.5)
    return n_bucketed, math.copysign(steps * step, points) + 0.0


# Every company of so many teams of these sizes; a team is its count and its points, of which a score is made.
WORLDS = {2: range(1, 15), 3: range(1, 6)}


def companies_told_apart(model: str, n_teams: int, sizes: Iterable[int]) -> list[str]:
    """What the model says of months that gives something away, though every company was thought through."""
    names = [f"team {number}" for number in range(n_teams)]
    # The months of all these companies lie far ahead.
    model = re.sub(r"'\d{4}-\d\d-\d\d'", "'9999-12-31'", model)
    with prepared() as connection:
        teams = ", ".join(f"teams as t{number}" for number in range(n_teams))
        columns = ", ".join(f"t{number}.n as n{number}, t{number}.p as p{number}" for number in range(n_teams))
        connection.execute(
            f"""
            create table teams as
                select n, unnest(range(-n, n + 1)) as p from (select unnest({list(sizes)}) as n);
            create table companies as select row_number() over () - 1 as id, {columns} from {teams};
            create table cells as
                {
                " union all ".join(
                    f"select id, '{name}' as team, n{number} as n, p{number} as p from companies"
                    for number, name in enumerate(names)
                )
            };
            insert into warehouse.staging.stg_survey__responses
                select
                    'emp', null, team, case when i >= abs(p) then 8 when p > 0 then 10 else 0 end,
                    make_date(cast(2000 + id // 12 as integer), cast(id % 12 + 1 as integer), 15),
                    true, false, 'accepted'
                from (select *, unnest(range(n)) as i from cells);
            create table seen as
                select
                    (year(month_start) - 2000) * 12 + month(month_start) - 1 as id,
                    string_agg(concat_ws(' ', team, n_bucketed, nps), ', ' order by team) as told
                from ({model})
                group by 1;
            """
        )
        counted = connection.execute("select count(*) from companies anti join seen using (id)").fetchone()
        assert counted == (0,)
        one_count = " or ".join(
            f"(count(distinct {total}) = 1 and min({total}) < {THRESHOLD})"
            for size in range(1, n_teams + 1)
            for chosen in itertools.combinations(range(n_teams), size)
            for total in ["+".join(f"n{number}" for number in chosen)]
        )
        one_answer = " or ".join(
            f"bool_and(p{number} = {everybody})"
            for number in range(n_teams)
            for everybody in (f"n{number}", f"-n{number}", f"0 and n{number} = 1")
        )
        found = connection.execute(
            f"select told from companies join seen using (id) group by told having {one_count} or {one_answer}"
        ).fetchall()
    return [told for (told,) in found]


@pytest.mark.parametrize("n_teams", WORLDS)
def test_what_is_published_fits_more_than_one_company(model: str, n_teams: int) -> None:
    assert companies_told_apart(model, n_teams, WORLDS[n_teams]) == []


def test_the_attack_reads_counts_and_answers_off_exact_scores(model: str) -> None:
    exact = re.sub(r"round\(nps / nps_step\) \* nps_step", "nps", model)
    assert exact != model

    told = companies_told_apart(exact, 2, WORLDS[2])
    assert any("100" in month for month in told)


def test_a_month_is_published_without_regard_to_others(model: str) -> None:
    """So what follows from several months together is what follows from each alone."""
    months = random_months(6, 60)

    together = published(model, months)
    assert [published(model, [month])[0] for month in months[:20]] == together[:20]


def test_the_attack_finds_a_team_that_is_hidden_alone() -> None:
    month = {"small": [9, 9], "large": [7] * 9}
    shown: Shown = {"small": None, "large": (5, 0.0), "all": (10, 18.2)}

    assert list(groups_laid_bare(month, shown)) == [{"small"}]


def test_the_sample_gives_no_hidden_team_away(sample_release: Path) -> None:
    """As published, with the true counts of the build file, over teams, months and the company."""
    settings = load_settings({"NPS_HOME": str(sample_release)})
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        counts = connection.sql(
            """
            select date_trunc('month', answered_date)::date, coalesce(employee_team, 'unknown'), count(*)
            from staging.stg_survey__responses
            where survey_id = 'emp' and verdict = 'accepted' and score is not null and is_complete and not is_excluded
            group by all
            """
        ).fetchall()
        shown = connection.sql("select month_start, team, is_suppressed from employee.employee_nps").fetchall()
    is_hidden = {(month, team): hidden for month, team, hidden in shown}
    n_answers = {(month, team): n for month, team, n in counts}
    months = {month for month, _ in n_answers}

    assert set(is_hidden) == {*n_answers, *((month, "all") for month in months)}
    assert any(hidden and n_answers.get(cell, 0) >= THRESHOLD for cell, hidden in is_hidden.items())
    for month in months:
        hidden_teams = [team for (at, team), n in n_answers.items() if at == month and is_hidden[at, team]]
        assert all(is_hidden[cell] for cell, n in n_answers.items() if n < THRESHOLD)
        if hidden_teams and not is_hidden[month, "all"]:
            assert len(hidden_teams) >= 2
            assert sum(n_answers[month, team] for team in hidden_teams) >= THRESHOLD


def test_no_total_over_months_is_published(sample_release: Path) -> None:
    """Months are subtracted from nothing: the schema has one table, and its rows are months."""
    with duckdb.connect(str(sample_release / "published" / "nps.duckdb"), read_only=True) as connection:
        columns = connection.sql(
            "select table_name, column_name from duckdb_columns() where schema_name = 'employee' order by all"
        ).fetchall()
        unlike_months = connection.sql(
            "select count(*) from employee.employee_nps where month_start <> date_trunc('month', month_start)"
        ).fetchone()

    assert {table for table, _ in columns} == {"employee_nps"}
    # No key of a person, no answer, no time of day, and nothing from which an exact count could be told.
    assert {column for _, column in columns} == {"month_start", "team", "n_bucketed", "nps", "is_suppressed"}
    assert unlike_months == (0,)


def test_no_employee_is_among_the_customers(sample_release: Path) -> None:
    """Nor can the hidden teams be counted in any other table of the release."""
    with duckdb.connect(str(sample_release / "published" / "nps.duckdb"), read_only=True) as connection:
        tables = connection.sql(
            "select schema_name || '.' || table_name from duckdb_columns() "
            "where column_name = 'program_type' and table_name <> 'dim_surveys' order by 1"
        ).fetchall()
        found = {
            table: connection.sql(f"select count(*) from {table} where program_type = 'employee'").fetchone()
            for (table,) in tables
        }

    assert len(found) >= 5
    assert {table: n for table, n in found.items() if n != (0,)} == {}
