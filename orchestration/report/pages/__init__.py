"""The pages of the report, in the order of the navigation.

A new page is a module with a function ``page`` that returns a Page, and its place in PAGES.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.report.document import Page
from orchestration.report.pages import beside, calls, data, loop, money, revenue, score, targets, why
from orchestration.report.release import Build, Release

PAGES: tuple[Callable[[Release, Build], Page], ...] = (
    score.page,
    why.page,
    targets.page,
    beside.page,
    loop.page,
    calls.page,
    money.page,
    revenue.page,
    data.page,
)
