"""Every route tells every lie, once and always: no row is lost, doubled or rejected for it.

A lie is an answer that the API does not document for the route. While it is told, a run may end early; once
it is told no more, a resume ends it. What the store holds then is counted in the emulator's own record. A
table of all exit codes is printed at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.support.fast import FastRuns
from tests.support.lies import ELSEWHERE, EVERY, LIES
from tests.support.notes import CONVERSATION, write_rows, write_spec
from tests.support.processes import STORE, Api, make_customers, serving, write_csv

PEOPLE, MEMORIES = 4, 6
ONCE_EVERY = min(EVERY, 4)  # of those that are told once


@dataclass(frozen=True)
class Place:
    """A route, and what makes a run ask for it: `besides`, faults of other routes, or another wording."""

    method: str
    path: str
    besides: tuple[dict[str, Any], ...] = ()
    is_of_second_run: bool = False  # in which the memories say something else

    def lie(self, name: str, **when: Any) -> dict[str, Any]:
        """The fault that tells a lie here."""
        return {"when": {"method": self.method, "path": self.path, **when}, "do": LIES[name]}


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
    "read profile": Place("GET", "*/Profiles/mem_profile_*", (_MISSED,)),
    "add observations": Place("POST", "*/Observations"),
    "list observations": Place("GET", "*/Observations", (_LOST["Observations"],)),
    "change observation": Place("PATCH", "*/Observations/*", is_of_second_run=True),
    "add summaries": Place("POST", "*/ConversationSummaries"),
    "list summaries": Place("GET", "*/ConversationSummaries", (_LOST["ConversationSummaries"],)),
    "change summary": Place("PATCH", "*/ConversationSummaries/*", is_of_second_run=True),
    "read store": Place("GET", f"*/Stores/{STORE}"),
    "list groups": Place("GET", "*/TraitGroups"),
    "read identity": Place("GET", "*/IdentityResolutionSettings"),
}
CELLS = [(place, lie) for lie in LIES for place in PLACES]
CHOSEN = [cell for at, cell in enumerate(CELLS) if (at + at // len(PLACES)) % EVERY == 0]
TABLES: dict[str, dict[tuple[str, str], str]] = {"once": {}, "always": {}}


@dataclass(frozen=True)
class World:
    """People with memories in a folder, and an API to bring them into."""

    runs: FastRuns
    api: Api

    def write(self, wording: str) -> None:
        """The files of a run: one of the memories is of somebody who is no customer yet."""
        folder = self.runs.folder
        customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), folder / "customers.csv")
        columns = ("Id", "Phone", "Text", "Ended", "Conversation")
        rows = [
            [
                f"N{at}",
                f"+1202200{at % (PEOPLE + 1):04d}",
                f"{wording} {at}",
                f"2024-05-01T10:{at:02}:00Z",
                CONVERSATION,
            ]
            for at in range(MEMORIES)
        ]
        write_rows(folder / "memories.csv", rows, columns)
        memories = {
            "source": "memories.csv",
            "profile": {"phone": "Phone"},
            "content": "Text",
            "occurred_at": "Ended",
            "observation_source": "crm",
            "key": "Id",
            "missing_profile": "create",
            "settle_seconds": 1,
        }
        spec = write_spec(
            folder / "spec.yaml",
            customers=customers,
            observations={**memories, "conversation_ids": None},
            summaries={**memories, "conversation_id": "Conversation"},
        )
        spec.write_text(f"name: lies\n{spec.read_text()}")

    def import_under(self, *faults: dict[str, Any]) -> tuple[int, Counter[str]]:
        """Import while these faults are played, and go on without them to the end.

        The exit code under them; of the end, how many rows are rejected, unknown and pending.
        """
        self.api.set_faults(*faults)
        result = self.runs.run()
        exit_code = result.report["exit_code"]
        self.api.set_faults()
        while result.report["resume_command"]:
            result = self.runs.resume(result.report["run_id"])
        bad: Counter[str] = Counter()
        for load in result.report["loads"].values():
            bad.update({name: load["rows"][name] for name in ("rejected", "unknown", "pending")})
        return exit_code, +bad

    def unasked(self, places: Iterable[Place]) -> list[str]:
        """The paths of those that nobody asked, and so told no lie."""
        asked = [(request["method"], request["path"]) for request in self.api.requests()]
        return [
            place.path
            for place in places
            if not any(method == place.method and fnmatch(path, place.path) for method, path in asked)
        ]

    def check(self, wording: str, exit_code: int, bad: Counter[str]) -> None:
        """All is there, once, but what is unknown; the command ended as documented."""
        self.api.settle()
        profiles = self.api.call("GET", "/emulator/profiles")["stores"][STORE]
        assert exit_code in {0, 1, 4, 5}
        assert set(bad) <= {"unknown"}
        assert len(profiles) == PEOPLE + 1
        expected = Counter(f"{wording} {at}" for at in range(MEMORIES))
        for load in ("observations", "summaries"):
            held = Counter(memory["content"] for profile in profiles for memory in profile[load])
            assert held <= expected, "doubled, or of another wording"
            assert (expected - held).total() <= bad["unknown"], "lost"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        yield World(FastRuns(tmp_path, api.url), api)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Print the exit codes of all cells that were tried: a line per lie, a column per route."""
    yield
    for often, codes in TABLES.items():
        print(f"\n{often:>12} | " + " | ".join(PLACES))  # noqa: T201
        for lie in LIES:
            cells = [f"{codes.get((place, lie), ''):^{len(place)}}" for place in PLACES]
            print(f"{lie:>12} | " + " | ".join(cells))  # noqa: T201


def note(often: str, place: str, lie: str, exit_code: int, bad: Counter[str]) -> None:
    """Put a cell into the table."""
    TABLES[often][place, lie] = " ".join(
        [str(exit_code), *(f"{count} {name}" for name, count in bad.items())]
    )


@pytest.mark.parametrize("shift", range(0, len(LIES), ONCE_EVERY))
def test_each_route_tells_another_lie_once_and_nobody_notices(world: World, shift: int) -> None:
    names = [*LIES][shift:] + [*LIES][:shift]
    told = dict(zip(PLACES, names, strict=False))
    for wording, is_second_run in (("said", False), ("put in other words", True)):
        world.write(wording)
        here = {name: place for name, place in PLACES.items() if place.is_of_second_run is is_second_run}
        lies = [place.lie(told[name], nth=1) for name, place in here.items()]
        besides = {str(fault): fault for place in here.values() for fault in place.besides}
        exit_code, bad = world.import_under(*lies, *besides.values())
        world.check(wording, exit_code, bad)
        assert (exit_code, bad) == (0, Counter())
        assert world.unasked(here.values()) == []
        for name in here:
            note("once", name, told[name], exit_code, bad)


@pytest.mark.parametrize(("place", "lie"), CHOSEN, ids=lambda value: value)
def test_a_lie_that_is_always_told_costs_no_row_and_makes_none_twice(
    world: World, place: str, lie: str
) -> None:
    where, wording = PLACES[place], "said"
    world.write(wording)
    if where.is_of_second_run:
        assert world.import_under() == (0, Counter())
        wording = "put in other words"
        world.write(wording)
    exit_code, bad = world.import_under(*where.besides, where.lie(lie))
    note("always", place, lie, exit_code, bad)
    world.check(wording, exit_code, bad)
    assert world.unasked([where]) == []


def test_one_404_to_a_change_is_no_verdict_on_the_memory(world: World) -> None:
    world.write("said")
    assert world.import_under() == (0, Counter())
    world.write("put in other words")
    missed = {"when": {"method": "PATCH", "nth": 1}, "do": {"status": 404, "code": 20404}}
    exit_code, bad = world.import_under(missed)
    world.check("put in other words", exit_code, bad)
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
    world.check("said", exit_code, bad)
