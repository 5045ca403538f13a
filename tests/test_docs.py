"""What the documentation says is what the program has: generated pages, links, commands."""

import importlib.util
import re
from collections.abc import Callable

import pytest

from tests.support.shared import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def load_pages() -> dict[str, Callable[[], str]]:
    """The pages that `docs/generate.py` makes, by file name."""
    specification = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    pages: dict[str, Callable[[], str]] = module.PAGES
    return pages


@pytest.mark.parametrize("name", ["spec.md", "codes.md"])
def test_a_generated_page_is_what_the_program_says_now(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == load_pages()[name](), "write it again: make docs"


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: object) -> None:
    assert hasattr(page, "read_text")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"  # type: ignore[attr-defined]


def _named_tests() -> list[tuple[str, str]]:
    """The tests behind the guarantees: file and name, which is empty where all of a file are meant."""
    promised = (DOCS / "guarantees.md").read_text(encoding="utf-8")
    return [(file, name) for file, name in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", promised)]


@pytest.mark.parametrize(("file", "name"), _named_tests(), ids=lambda value: value)
def test_the_test_behind_a_guarantee_exists(file: str, name: str) -> None:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name or 'test_.*'}\(", text, re.MULTILINE), f"{file} has no {name}"


def test_every_promise_names_a_test() -> None:
    promised = (DOCS / "guarantees.md").read_text(encoding="utf-8")
    promised = promised[promised.index("## Promised") : promised.index("## Assumed")]
    promises = promised.split("\n- ")[1:]
    assert [promise for promise in promises if "::test_" not in promise and ".py`]" not in promise] == []
    assert len(promises) > 20
