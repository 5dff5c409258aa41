"""The report: rendered from the release before anything is published."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.defs.project import WAREHOUSE
from orchestration.defs.publish import RELEASE, build_description
from orchestration.defs.resources import POOL, Build, explained
from orchestration.release.integrity import DATABASE, REPORT
from orchestration.report import LOGO, render
from orchestration.report.summary import Summary, summarised


@dg.asset(deps=[RELEASE], group_name="publication", kinds={"html"}, owners=[WAREHOUSE], pool=POOL)
def report(build: dg.ResourceParam[Build]) -> dg.MaterializeResult[None]:
    """The page that says what the build found."""
    with explained(build.settings), build.record.phase("report"):
        build.record.section("release")
        staged = build.settings.staged_folder
        (staged / REPORT).parent.mkdir(parents=True, exist_ok=True)
        settings, described = build.settings, build_description(build)
        logo = settings.company / LOGO if settings.company else None
        render(staged / DATABASE, described, staged / REPORT, settings.variables, logo)
        summary = summarised(staged / DATABASE, described["as_of"], settings.variables)
        build.record.write("report", {})
    page = build.settings.published_folder / REPORT
    return dg.MaterializeResult(
        metadata=described_metadata(summary, described) | {"page": dg.MetadataValue.path(str(page))}
    )


def described_metadata(summary: Summary, described: Mapping[str, Any]) -> dict[str, Any]:
    """What Dagster shows of a report, and draws over time where it is a number; what is refused is left out.

    The picture is made of letters: Dagster's page lets no image into Markdown but one from a web server.
    """
    metadata: dict[str, Any] = {
        "as of": described["as_of"],
        "score by month": dg.MetadataValue.md(summary.picture),
        "published rows": sum(described["rows_out"].values()),
        "checks passed": described["checks"]["passed"],
        "warnings": described["checks"]["warned"],
    }
    score, value = summary.score, summary.value
    if score is not None and score["ci_low"] is not None:
        metadata |= {
            "NPS": round(score["nps"], 1),
            "NPS, low end of the 95 % interval": round(score["ci_low"], 1),
            "NPS, high end": round(score["ci_high"], 1),
            "answers": score["n_scored"],
        }
    if value is not None:
        metadata |= {
            f"value of a point, {value['currency']}": round(float(value["value_per_point"]), 1),
            "value of a point, low end of the 95 % interval": round(float(value["ci_low"]), 1),
            "value of a point, high end": round(float(value["ci_high"]), 1),
        }
    metadata["grade of the value of a point"] = "R: no method can tell" if value is None else value["evidence_grade"]
    return metadata
