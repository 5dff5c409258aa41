"""What Dagster's page shows of a report: its numbers as they are in the release, and the score by month, drawn."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.release.warehouse import open_read_only
from orchestration.report.summary import Summary, summarised

SCORE = {"program_type": "relationship", "n_scored": 288, "nps": 40.625, "ci_low": 28.483, "ci_high": 52.767}
VALUE = {
    "value_per_point": Decimal("7094.94"), "ci_low": Decimal(2639), "ci_high": Decimal(11550), "evidence_grade": "B",
    "currency": "USD",
}  # fmt: skip
DESCRIBED = {"as_of": "2026-07-01", "rows_out": {"marts.a": 40, "marts.b": 2}, "checks": {"passed": 7, "warned": 3}}


def months(*rows: tuple[float, float, float]) -> list[dict[str, object]]:
    return [
        {"month_start": date(2026, number, 1), "nps": nps, "ci_low": low, "ci_high": high}
        for number, (nps, low, high) in enumerate(rows, start=1)
    ]


def test_a_month_is_drawn_from_the_low_end_of_its_interval_to_the_high_one() -> None:
    drawn = Summary("relationship", SCORE, VALUE, months((50, 0, 100), (-100, -120, -90))).picture.splitlines()
    assert drawn[2] == "| 2026-01 | +50.0 | 0.0 to 100.0 | `" + "·" * 20 + "─" * 10 + "●" + "─" * 10 + "` |"
    # Each row has the four cells of the header, whatever is drawn.
    assert {line.count("|") for line in drawn} == {5}
    # An interval may reach beyond what a score can be.
    assert drawn[3].endswith("| `●──" + "·" * 17 + "┆" + "·" * 20 + "` |")


def test_the_numbers_of_the_report_are_those_of_the_release(sample_release: Path) -> None:
    file = sample_release / "published" / "nps.duckdb"
    found = summarised(file, json.loads((sample_release / "published" / "build.json").read_text())["as_of"])
    with open_read_only(file) as connection:
        score = connection.execute(
            "select nps, ci_low, ci_high from marts.nps_rolling where dimension = 'all' and date_day = '2026-07-01' "
            "and program_type = 'relationship'"
        ).fetchone()
        best = connection.execute(
            "select min(evidence_grade) from marts.nps_point_value where dimension = 'all'"
        ).fetchone()
        newest = connection.execute(
            "select max(month_start) from marts.nps_by_month where dimension = 'all' and nps_rule = 'contact_latest' "
            "and program_type = 'relationship' and is_reportable"
        ).fetchone()
    assert found.score is not None and (found.score["nps"], found.score["ci_low"], found.score["ci_high"]) == score
    assert found.value is not None and (found.value["evidence_grade"],) == best
    assert len(found.months) == 12 and (found.months[-1]["month_start"],) == newest


def test_dagster_is_told_the_numbers_and_nothing_of_what_is_refused() -> None:
    # The code location can be imported once the project is parsed.
    from orchestration.defs.report import described_metadata

    told = described_metadata(Summary("relationship", SCORE, VALUE, months((50, 0, 100))), DESCRIBED)
    assert told["NPS"] == 40.6 and told["NPS, low end of the 95 % interval"] == 28.5 and told["NPS, high end"] == 52.8
    assert told["value of a point, USD"] == 7094.9 and told["grade of the value of a point"] == "B"
    assert (told["published rows"], told["warnings"], told["answers"]) == (42, 3, 288)

    refused = described_metadata(Summary("relationship", SCORE | {"ci_low": None}, None, []), DESCRIBED)
    assert refused["grade of the value of a point"] == "R: no method can tell"
    assert not any(name.startswith(("NPS", "value of a point", "answers")) for name in refused)
