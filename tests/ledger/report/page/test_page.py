"""The page of a run as a file: what it says, to whom, and that no name in a report makes it do anything."""

from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

import pytest

from memory_import.ledger.report.page.render import render_page
from memory_import.run.explain import explain_and_advise
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.random_reports import ACTS, SEEDS, make_random_report
from tests.support.workplace import Workplace, stop_before_delivery

FOLDER = "state/runs/1"


class _Parts(HTMLParser):
    """Which elements a page is made of, and which of their attributes may act or fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.acting: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.acting |= {
            name
            for name, _ in attributes
            if name.startswith("on") or name in {"src", "srcset", "action", "xlink:href"}
        }


def render(report: dict[str, Any], **options: bool) -> str:
    return render_page(report, FOLDER, explain_and_advise, **options)


def page_of(result: RunResult) -> Path:
    return Path(result.folder) / "report.html"


def test_the_page_of_a_plan_shows_persons_masked_and_the_command_that_sends_it(workplace: Workplace) -> None:
    plan = workplace.carry_out(workplace.request(action=Action.PLAN))
    text = page_of(plan).read_text()
    assert f"memory-import apply {plan.report['run_id']}" in text
    assert "What applying it would do" in text
    assert "ada@example.com" not in text
    assert "xxx@xxxxxxx.xxx" in text
    assert page_of(plan).stat().st_mode & 0o777 == 0o600


def test_a_plan_whose_values_are_asked_for_says_that_its_page_is_private(workplace: Workplace) -> None:
    plan = workplace.carry_out(workplace.request(action=Action.PLAN, show_values=True))
    text = page_of(plan).read_text()
    assert "ada@example.com" in text
    assert "keep it to yourself" in text


def test_the_page_of_a_run_that_ended_early_says_why_and_how_to_go_on(workplace: Workplace) -> None:
    stopped = workplace.carry_out(run_stage=stop_before_delivery)
    text = page_of(stopped).read_text()
    assert "Stopped as asked" in text
    assert "130: stopped by a person" in text
    assert f"memory-import resume {stopped.report['run_id']}" in text


def test_no_value_of_a_customer_is_on_the_page(workplace: Workplace) -> None:
    text = page_of(workplace.carry_out()).read_text()
    for value in ("Cleo Heron", "ada@example.com", "12025550101", "202-555-0101", "2024-01-31"):
        assert value not in text


@pytest.mark.parametrize("seed", SEEDS)
def test_any_report_makes_a_page_that_is_small_and_does_nothing(seed: int) -> None:
    text = render(make_random_report(Random(seed)), show_values=seed % 2 == 0)
    assert len(text.encode()) < 300_000
    parts = _Parts(text)
    assert not parts.tags & {"script", "img", "iframe", "object", "link"}
    assert parts.acting == set()
    assert not ACTS.search(text)
    assert "+12125551212" not in text or seed % 2 == 0
