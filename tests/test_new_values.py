"""A channel, role, touchpoint, way of solving, region or team that is new is in every table that knows its kind.

Nothing is listed in code: which tables must show a value follows from the columns that the release has. A total would
be silently short otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import TINY_AS_OF, run_nightly, write_tiny_raw

CHANNEL, TOUCHPOINT, MODE = "hologram", "launch_party", "telepathy"
REGION, ROLE, TEAM = "antarctica", "ambassador", "moon_base"
NEW = {"channel": CHANNEL, "touchpoint": TOUCHPOINT, "resolution_mode": MODE, "region": REGION, "agent_team": TEAM}

SURVEYS = """survey_id,survey_name,program_type,metric,question_text,scale_min,scale_max,scale_direction,counts_as_nps
rel,Relationship,relationship,nps,Would you?,0,10,higher_is_better,true
cst,Satisfaction,relationship,csat,Were you?,1,5,higher_is_better,false
emp,Employees,employee,nps,Would you work here?,0,10,higher_is_better,true
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tiny company with new words in it, built by the nightly job."""
    folder = write_tiny_raw(tmp_path_factory.mktemp("words") / "raw")
    append(folder / "crm_accounts.csv", ["a9,Far away,enterprise,50-249,antarctica,2023-01-01"])
    append(
        folder / "crm_revenue.csv",
        [f"v9-{month},a9,2024-{month:02d}-01,2024-{month:02d}-28,900,subscription" for month in range(1, 7)],
    )
    header = "response_id,survey_id,invitation_id,account_id,contact_id,channel,touchpoint,resolution_mode,agent_id"
    lines = [f"{header},employee_team,answered_at,score"]
    # All of one kind, month by month, so that every table that counts answers, invitations or experiences sees them.
    invitations = ["invitation_id,survey_id,contact_id,account_id,channel,touchpoint,agent_id,sent_at,delivered_at"]
    for month in range(1, 7):
        for survey, score in (("rel", 9), ("cst", 5)):
            key = f"{survey}-{month}"
            # The last answer is unhappy and nobody has called yet.
            score = 3 if key == "rel-6" else score
            invitations.append(
                f"i{key},{survey},c99,a9,{CHANNEL},{TOUCHPOINT},g9,2024-{month:02d}-10T08:00:00Z,2024-{month:02d}-10T08:01:00Z"
            )
            lines.append(
                f"n{key},{survey},i{key},a9,c99,{CHANNEL},{TOUCHPOINT},{MODE},g9,,2024-{month:02d}-15T10:00:00Z,{score}"
            )
        lines += [f"e{month}-{n},emp,,,,,,,,{TEAM},2024-{month:02d}-15T10:00:00Z,9" for n in range(6)]
    old = (folder / "survey_responses.csv").read_text(encoding="utf-8").splitlines()[1:]
    for line in old:
        response, account, contact, answered, given, _ = line.split(",")
        lines.append(f"{response},rel,,{account},{contact},email,,,,,{answered},{given}")
    write(folder / "survey_responses.csv", lines)
    write(folder / "survey_invitations.csv", invitations)
    write(folder / "crm_contacts.csv", ["contact_id,account_id,buying_role", f"c99,a9,{ROLE}"])
    write(
        folder / "crm_cases.csv",
        ["case_id,response_id,owner_id,opened_at", "s1,nrel-6,g9,2024-06-16T08:00:00Z"],
    )
    write(folder / "crm_users.csv", ["user_id,user_name,team", f"g9,Somebody,{TEAM}"])
    (folder / "survey_definitions.csv").write_text(SURVEYS, encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    done = run_nightly(home, folder, NPS_AS_OF=TINY_AS_OF)
    assert done.code == 0, done.stderr
    with duckdb.connect(str(home / "published" / "nps.duckdb"), read_only=True) as connection:
        yield connection


def append(path: Path, lines: list[str]) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")


def write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def tables_with(release: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    found = release.execute(
        "select schema_name || '.' || table_name from duckdb_columns() where column_name = ? order by 1", [column]
    ).fetchall()
    return [table for (table,) in found]


def test_every_dimension_shows_the_new_value(release: duckdb.DuckDBPyConnection) -> None:
    missing = []
    tables = tables_with(release, "dimension_value")
    # Targets are for the values that somebody wrote down.
    tables.remove("marts.nps_target_attainment")
    # Follow-ups are by who follows up.
    tables.remove("marts.follow_up_value")
    teams = release.sql("select dimension_value from marts.follow_up_value where dimension = 'team'").fetchall()
    assert (TEAM,) in teams
    for table in tables:
        dimensions = {row[0] for row in release.sql(f"select distinct dimension from {table}").fetchall()}
        values = set(release.sql(f"select distinct dimension, dimension_value from {table}").fetchall())
        missing += [(table, word) for kind, word in NEW.items() if kind in dimensions and (kind, word) not in values]
        # A table of long form has at least the regions, or it would pass by having nothing.
        missing += [(table, "no region")] * ("region" not in dimensions)

    assert len(tables) >= 6
    assert missing == []


def test_every_column_shows_the_new_value(release: duckdb.DuckDBPyConnection) -> None:
    words = NEW | {"buying_role": ROLE, "team": TEAM}
    shown = {
        (table, column): release.execute(f"select count(*) from {table} where {column} = ?", [word]).fetchone() != (0,)
        for column, word in words.items()
        for table in tables_with(release, column)
    }

    assert [place for place, is_there in shown.items() if not is_there] == []
    assert {
        ("marts.fct_nps_responses", column) for column in ("channel", "touchpoint", "region", "buying_role")
    } <= set(shown)
    assert ("employee.employee_nps", "team") in shown


def test_slices_with_a_new_value_add_up(release: duckdb.DuckDBPyConnection) -> None:
    """In each table of counts in long form, the values of a dimension hold as many answers as the total."""
    short = release.sql(
        """
        with cells as (
            select 'funnel' as mart, month_start, survey_id as part, dimension, sum(n_invited) as n
            from marts.response_funnel group by all
            union all
            select 'experience', month_start, program_type, dimension, sum(csat_n)
            from marts.experience_by_month group by all
            union all
            select 'change', period_to, comparison || program_type, dimension, sum(n_to)
            from marts.nps_change_decomposition group by all
        )

        select cells.* from cells
        inner join cells as totals
            on cells.mart = totals.mart and cells.month_start = totals.month_start and cells.part = totals.part
            and totals.dimension = 'all'
        where cells.n <> totals.n
        """
    ).fetchall()

    assert short == []
