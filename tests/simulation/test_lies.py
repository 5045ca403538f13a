"""Every route tells every lie, once and always: no row is lost, doubled or rejected for it, nobody deleted.

A lie is an answer that the API does not document for the route. While it is told, a run may end early; once
it is told no more, a resume ends it. What the store holds then is counted in the emulator's own record. A
table of all exit codes is printed at the end.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fast import FastRuns
from tests.support.lied_to import OF_PROFILE, Place, World
from tests.support.lies import ELSEWHERE, EVERY, LIES, print_table
from tests.support.processes import STORE, serving

ONCE_EVERY = min(EVERY, 8)  # of those that are told once
RUNS = (("said", 0, False), ("put in other words", 1, True), ("put in other words", 1, True))
"""What each run finds: how the memories are worded, how many people are gone, and whether others changed."""


def _of_second_request(resource: str, **fault: Any) -> dict[str, Any]:
    return {"when": {"method": "POST", "path": f"*/{resource}", "nth": 2}, "do": fault}


_MISSED = _of_second_request("Observations", status=404, code=20404)
_LOST = {
    resource: {"when": {"method": "POST", "path": f"*/{resource}", "nth": 3}, "do": {"drop": "after"}}
    for resource in ("Observations", "ConversationSummaries")
}
PLACES = {
    "Bulk": Place("PUT", "*/Profiles/Bulk"),
    "read operation": Place("GET", "*/Operations/*"),
    "look up": Place("POST", "*/Profiles/Lookup"),
    "create profile": Place("POST", "*/Profiles"),
    "read profile": Place("GET", OF_PROFILE, (_MISSED,)),
    "add observations": Place("POST", "*/Observations"),
    "list observations": Place("GET", "*/Observations", (_LOST["Observations"],)),
    "change observation": Place("PATCH", "*/Observations/*", run=1),
    "add summaries": Place("POST", "*/ConversationSummaries"),
    "list summaries": Place("GET", "*/ConversationSummaries", (_LOST["ConversationSummaries"],)),
    "change summary": Place("PATCH", "*/ConversationSummaries/*", run=1),
    "clear traits": Place("PATCH", OF_PROFILE, run=1),
    "read back traits": Place("GET", "*/Traits", run=1),
    "replace identifier": Place("PATCH", "*/Identifiers/*", run=1),
    "read store": Place("GET", f"*/Stores/{STORE}"),
    "list groups": Place("GET", "*/TraitGroups"),
    "read identity": Place("GET", "*/IdentityResolutionSettings"),
    "look up the gone": Place("POST", "*/Profiles/Lookup", run=2),
    "read identifiers": Place("GET", "*/Identifiers", run=2),
    "delete profile": Place("DELETE", OF_PROFILE, run=2),
    "read back the gone": Place("GET", OF_PROFILE, run=2),
}
DOCUMENTED = {("replace identifier", "409")}  # told always it is no lie
CELLS = [(place, lie) for lie in LIES for place in PLACES]
THINNED = [cell for at, cell in enumerate(CELLS) if (at + at // len(PLACES)) % EVERY == 0]
CHOSEN = [cell for cell in THINNED if cell not in DOCUMENTED]
TABLES: dict[str, dict[tuple[str, str], str]] = {"once": {}, "always": {}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        yield World(FastRuns(tmp_path, api.url), api)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Print the exit codes of all cells that were tried."""
    yield
    for often, codes in TABLES.items():
        print_table(often, PLACES, codes)


def note(often: str, place: str, lie: str, exit_code: int, bad: Counter[str]) -> None:
    """Put a cell into the table."""
    TABLES[often][place, lie] = " ".join(
        [str(exit_code), *(f"{count} {name}" for name, count in bad.items())]
    )


@pytest.mark.parametrize("shift", range(0, len(LIES), ONCE_EVERY))
def test_each_route_tells_another_lie_once_and_nobody_notices(world: World, shift: int) -> None:
    names = [*LIES][shift:] + [*LIES][:shift]
    told = dict(zip(PLACES, names, strict=False))
    for number, (wording, gone, is_changed) in enumerate(RUNS):
        world.write(wording, gone=gone, is_changed=is_changed)
        here = {name: place for name, place in PLACES.items() if place.run == number}
        lies = [place.lie(told[name], nth=1) for name, place in here.items()]
        besides = {str(fault): fault for place in here.values() for fault in place.besides}
        exit_code, bad = world.import_under(*lies, *besides.values())
        assert (exit_code, bad) == (0, Counter())
        world.check(wording, bad=bad, gone=number - 1 if number else 0, is_changed=is_changed)
        assert world.unasked(here.values()) == []
        for name in here:
            note("once", name, told[name], exit_code, bad)


@pytest.mark.parametrize(("place", "lie"), CHOSEN, ids=lambda value: value)
def test_a_lie_that_is_always_told_costs_no_row_and_makes_none_twice(
    world: World, place: str, lie: str
) -> None:
    where = PLACES[place]
    for wording, gone, is_changed in RUNS[: where.run]:
        world.write(wording, gone=gone, is_changed=is_changed)
        assert world.import_under() == (0, Counter())
    wording, gone, is_changed = RUNS[where.run]
    world.write(wording, gone=gone, is_changed=is_changed)
    exit_code, bad = world.import_under(*where.besides, where.lie(lie))
    note("always", place, lie, exit_code, bad)
    world.check(wording, bad=bad, gone=where.run == 2, is_changed=is_changed)
    assert world.unasked([where]) == []


def test_one_404_to_a_change_is_no_verdict_on_the_memory(world: World) -> None:
    world.write("said")
    assert world.import_under() == (0, Counter())
    world.write("put in other words")
    missed = {"when": {"method": "PATCH", "nth": 1}, "do": {"status": 404, "code": 20404}}
    exit_code, bad = world.import_under(missed)
    world.check("put in other words", bad=bad)
    assert (exit_code, bad) == (0, Counter())


def test_a_move_to_a_profile_that_is_not_there_says_nothing_about_the_one_that_is(world: World) -> None:
    world.write("said")
    moved = {
        "status": 308,
        "body": "empty",
        "headers": {
            "Location": f"/v1/Stores/{STORE}/Profiles/{ELSEWHERE}/Observations",
            "Canonical-Profile-Id": ELSEWHERE,
        },
    }
    fault = {"when": {"method": "POST", "path": "*/Profiles/mem_profile_*/Observations"}, "do": moved}
    exit_code, bad = world.import_under(fault)
    assert (exit_code, bad) == (5, Counter())
    world.check("said", bad=bad)
