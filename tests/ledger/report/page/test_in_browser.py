"""The page of a run in a browser: nothing fetched, every number the report's, readable by everybody."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from memory_import.emulator.server import Running
from memory_import.ledger.report.page.render import render_page
from memory_import.run.explain import explain_and_advise
from memory_import.run.lifecycle.result import RunResult
from tests.conftest import make_workplace
from tests.support.chromium import open_browser
from tests.support.random_reports import make_random_report

_PROGRESS = ("rows", "rows_per_second", "requests", "in_flight", "throttled", "waited_seconds")
_FATES = {
    "Filled": "filled",
    "Sent as it was": "sent",
    "Changed and sent": "changed",
    "Left out": "dropped",
    "Gave way to a later row": "superseded",
    "Not sent": "not_sent",
    "Blank": "blank",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, api: Running) -> RunResult:
    """A run that is over, before there is a browser: both want the event loop of the thread."""
    return make_workplace(tmp_path_factory.mktemp("finished"), api.url).carry_out()


@pytest.fixture(scope="module")
def browser(finished: RunResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One browser for all tests of this module."""
    with open_browser(tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """An empty page."""
    page = browser.new_page()
    yield page
    page.close()


def open_page(page: Page, path: Path) -> list[str]:
    """Open a page from disk; whatever it asked for or complained of."""
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: noise.append(request.url))
    page.goto(path.as_uri())
    return [one for one in noise if one != path.as_uri()]


def read_table(page: Page, caption: str) -> dict[str, dict[str, str]]:
    """A table of the page: by the heads of its rows, its cells by the heads of their columns."""
    table = page.locator("table", has=page.locator("caption", has_text=caption)).first
    heads = table.locator("thead th").all_text_contents()
    rows = [row.locator("th, td").all_text_contents() for row in table.locator("tbody tr, tfoot tr").all()]
    return {row[0]: dict(zip(heads[1:], row[1:], strict=True)) for row in rows}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def page_of(result: RunResult) -> Path:
    return Path(result.folder) / "report.html"


def test_every_number_of_a_run_is_that_of_its_report(finished: RunResult, page: Page) -> None:
    report = json.loads((Path(finished.folder) / "report.json").read_text())
    assert open_page(page, page_of(finished)) == []
    load = report["loads"]["profiles"]
    outcomes = {
        name: number(cells["Rows"]) for name, cells in read_table(page, "What became of the rows").items()
    }
    assert outcomes == {name: rows for name, rows in load["rows"].items() if rows}
    values = read_table(page, "Values of profiles by trait")
    assert set(values) == set(load["traits"])
    for path, cells in values.items():
        for heading, fate in _FATES.items():
            told = load["traits"][path][fate]
            assert number(cells[heading]) == (told if isinstance(told, int) else sum(told.values()))
    reasons = read_table(page, "Reasons why rows of profiles are rejected")
    assert {code: number(cells["Count"]) for code, cells in reasons.items()} == load["reject_reasons"]
    files = read_table(page, "Files of profiles")
    assert [(name, number(cells["Rows"]), number(cells["Bytes"])) for name, cells in files.items()] == [
        (file["name"], file["rows"], file["bytes"]) for file in load["files"]
    ]
    answers = read_table(page, "Answers of the service")
    assert {name: number(cells["Count"]) for name, cells in answers.items()} == report["requests"][
        "by_status"
    ]
    progress = read_table(page, "From the beginning of the run")
    assert list(progress) == [f"{point['seconds']:,.10g}" for point in report["progress"]]
    for point, cells in zip(report["progress"], progress.values(), strict=True):
        told = [float(cell.replace(",", "")) for cell in cells.values()]
        assert told == [point[member] for member in _PROGRESS]
    seconds = read_table(page, "Seconds by stage")
    assert {name: cells["Seconds"] for name, cells in seconds.items()} == {
        stage: f"{spent:,.1f}" for stage, spent in report["timing"].items()
    }
    persons = dict(
        zip(
            page.locator(".figures dt").all_text_contents(),
            map(number, page.locator(".figures dd").all_text_contents()),
            strict=True,
        )
    )
    assert {name: persons[name] for name in ("total", "new", "changed", "gone")} == {
        name: load["persons"][name] for name in ("total", "new", "changed", "gone")
    }
    assert "Of 5 rows 3 are in the store" in page.locator(".headline").inner_text()
    assert page.locator("text=row 4 of customers.csv").count() >= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_an_accessibility_checker_finds_nothing_serious(
    finished: RunResult, page: Page, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    assert open_page(page, page_of(finished)) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []


def test_the_page_prints_on_white_with_everything_that_is_folded(finished: RunResult, page: Page) -> None:
    page.emulate_media(color_scheme="dark", media="print")
    open_page(page, page_of(finished))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(
        "[...document.querySelectorAll('.table')].every(e => e.scrollWidth <= e.clientWidth)"
    )
    assert page.locator("details table").first.is_visible()


def test_a_table_that_is_too_wide_is_reached_and_moved_by_the_keyboard(
    finished: RunResult, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_page(page, page_of(finished))
    region = page.locator("[aria-label='Values of profiles by trait']")
    region.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    until = time.monotonic() + 60
    while not (moved := page.evaluate("document.activeElement.scrollLeft")) and time.monotonic() < until:
        page.wait_for_timeout(20)  # wait_for_function would evaluate a text, which the page's policy forbids
    assert moved > 0


@pytest.mark.parametrize("seed", range(0, 100, 20))
def test_a_browser_draws_any_report_without_a_word(seed: int, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_page(make_random_report(Random(seed)), "state/runs/1", explain_and_advise))
    page.set_viewport_size({"width": 390, "height": 800})
    assert open_page(page, path) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
