"""The report in a real browser: nothing leaves the machine, nothing complains, and the headline is there to be read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from orchestration.release.warehouse import rows_as_dicts
from orchestration.report import render
from tests.small_release import BUILD, company, write_release

pytestmark = pytest.mark.browser

WIDTHS = (360, 390, 768, 1400)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@dataclass
class Visit:
    """A page that was opened, with what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium is not None, "chromium is not on the PATH: install Debian's package chromium to run these tests."
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("release") / "nps.duckdb", company())


@pytest.fixture(scope="module")
def report(release: Path) -> Path:
    output = release.with_name("index.html")
    render(release, BUILD, output)
    return output


@pytest.fixture(params=WIDTHS)
def visit(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    visit = Visit(page)
    page.on("request", lambda asked: visit.requests.append(asked.url))
    page.on("console", lambda message: visit.complaints.append(message.text))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.goto(report.as_uri(), wait_until="load")
    yield visit
    page.close()


def test_nothing_leaves_the_machine(visit: Visit, report: Path) -> None:
    assert [url for url in visit.requests if url != report.as_uri() and not url.startswith("data:")] == []
    assert report.as_uri() in visit.requests


def test_console_is_silent(visit: Visit) -> None:
    assert visit.complaints == []


def test_headline_is_visible_and_is_the_number_of_the_mart(visit: Visit, release: Path) -> None:
    (mart,) = rows_as_dicts(
        release,
        "select nps, round(nps, 1) as rounded from marts.nps_rolling "
        "where program_type = 'relationship' and dimension = 'all' qualify date_day = max(date_day) over ()",
    )
    headline = visit.page.locator("#headline-nps")
    assert headline.is_visible()
    assert float(headline.get_attribute("data-nps") or "nan") == mart["nps"]
    shown = Decimal(headline.inner_text().replace("−", "-"))
    assert shown == Decimal(str(mart["rounded"])).quantize(Decimal("0.1"), ROUND_HALF_UP)


def test_page_does_not_scroll_sideways(visit: Visit) -> None:
    widths = visit.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


def test_navigation_reaches_every_page(visit: Visit) -> None:
    links = visit.page.locator("nav a")
    assert links.count() >= 3
    for index in range(links.count()):
        links.nth(index).click()
        target = (links.nth(index).get_attribute("href") or "")[1:]
        assert visit.page.locator(f"#{target} h2").is_visible()
        assert visit.page.url.endswith(f"#{target}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(browser: Browser, report: Path, scheme: str) -> None:
    """Contrast of 4.5 to 1 for all text of the page, in the light and in the dark colours."""
    page = browser.new_page(
        viewport={"width": 1400, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(report.as_uri())
    weak = page.evaluate(
        """() => {
            const channels = text => text.match(/[\\d.]+/g).map(Number);
            const light = rgb => rgb.slice(0, 3).map(c => c / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
            const ground = element => {
                for (let at = element; at; at = at.parentElement) {
                    const colour = channels(getComputedStyle(at).backgroundColor);
                    if (colour.length === 3 || colour[3] === 1) return colour;
                }
                return [255, 255, 255];
            };
            const found = [];
            for (const element of document.querySelectorAll("body *")) {
                const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
                if (!own) continue;
                const style = getComputedStyle(element), bar = element.classList.contains("inside");
                const under = bar
                    ? channels(getComputedStyle(element.previousElementSibling).fill)
                    : ground(element);
                const over = channels(element instanceof SVGElement ? style.fill : style.color);
                const [high, low] = [light(over), light(under)].sort((a, b) => b - a);
                const ratio = (high + 0.05) / (low + 0.05);
                if (ratio < 4.5) found.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
            }
            return found;
        }"""
    )
    page.close()
    assert weak == []
