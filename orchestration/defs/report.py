"""The report: rendered from the release before anything is published."""

import dagster as dg

from orchestration.defs.publish import RELEASE, build_description
from orchestration.defs.resources import POOL, Build, explained
from orchestration.release.integrity import DATABASE, REPORT
from orchestration.report import LOGO, render


@dg.asset(deps=[RELEASE], group_name="publication", kinds={"html"}, pool=POOL)
def report(build: dg.ResourceParam[Build]) -> None:
    """The page that says what the build found."""
    with explained(build.settings), build.record.phase("report"):
        build.record.section("release")
        staged = build.settings.staged_folder
        (staged / REPORT).parent.mkdir(parents=True, exist_ok=True)
        settings = build.settings
        logo = settings.company / LOGO if settings.company else None
        render(staged / DATABASE, build_description(build), staged / REPORT, settings.variables, logo)
        build.record.write("report", {})
