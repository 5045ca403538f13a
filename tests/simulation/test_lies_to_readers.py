"""Every route that reads back tells every lie to the commands that read: none of them says what is not so.

A lie that is told once changes nothing of what `verify`, `show` and `recall` say. Told always, it ends them
with the exit code for "later"; what is known of earlier runs stays known. A table is printed at the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from memory_import.destination.errors import DeliveryError
from memory_import.destination.http.throttle import StopSignal
from memory_import.errors import ExitCode, ImportProblem
from memory_import.run.lifecycle.result import as_problem
from memory_import.run.progress import RunProgress
from memory_import.run.show.profile import show_profile
from memory_import.run.show.reach import Place as Where
from memory_import.run.show.recalled import Wanted, recall_profile
from memory_import.run.verify.command import VerifyRequest, verify_run
from tests.support.fast import FastRuns, make_fast_throttle
from tests.support.lied_to import OF_PROFILE, Place, World
from tests.support.lies import EVERY, LIES, print_table
from tests.support.processes import STORE, serving

PHONE = "+12022000000"
LATER_SECONDS = 3_600.0
PLACES = {
    "look up": Place("POST", "*/Profiles/Lookup"),
    "read profile": Place("GET", OF_PROFILE),
    "read traits": Place("GET", "*/Traits"),
    "read identifiers": Place("GET", "*/Identifiers"),
    "list observations": Place("GET", "*/Observations"),
    "list summaries": Place("GET", "*/ConversationSummaries"),
    "list revisions": Place("GET", "*/Revisions"),
    "read store": Place("GET", f"*/Stores/{STORE}"),
    "recall": Place("POST", "*/Recall"),
}
READ = ("look up", "read profile", "read traits", "read identifiers", "list observations", "list summaries")
ASKED = {"verify": (*READ, "list revisions", "read store"), "show": READ, "recall": ("look up", "recall")}
CELLS = [(command, place, lie) for lie in LIES for command, places in ASKED.items() for place in places]
CHOSEN = [cell for at, cell in enumerate(CELLS) if (at + at // (len(CELLS) // len(LIES))) % EVERY == 0]
TABLES: dict[str, dict[tuple[str, str], str]] = {command: {} for command in ASKED}


@dataclass(frozen=True)
class Readers:
    """What was imported, and the commands that look at it; what each says where nobody lies."""

    world: World
    truth: dict[str, Any] = field(default_factory=dict)

    def ask(self, command: str) -> Any:
        """What a command says, without what it cost."""
        answer: Callable[[], Awaitable[dict[str, Any]]] = getattr(self, f"_{command}")
        return {name: said for name, said in asyncio.run(answer()).items() if name not in {"billing", "meta"}}

    def ask_or_fail(self, command: str) -> tuple[Any, ExitCode]:
        """What a command says, None where it fails, and its exit code."""
        try:
            return self.ask(command), ExitCode.DONE
        except (DeliveryError, ImportProblem) as error:
            return None, as_problem(error, is_run=False).exit_code

    async def _verify(self) -> dict[str, Any]:
        runs = self.world.runs
        said = await verify_run(
            VerifyRequest(runs.folder / "state", None, None),
            runs.variables,
            RunProgress(None),
            now=lambda: 1e10,
            make_throttle=make_fast_throttle,
        )
        return {load: section["wrong"] for load, section in said["loads"].items()}

    async def _show(self) -> dict[str, Any]:
        return await show_profile(PHONE, self._where, self.world.runs.variables, self._throttle)

    async def _recall(self) -> dict[str, Any]:
        return await recall_profile(PHONE, Wanted(), self._where, self.world.runs.variables, self._throttle)

    @property
    def _where(self) -> Where:
        return Where(self.world.runs.folder / "state", self.world.runs.folder / "spec.yaml")

    @property
    def _throttle(self) -> Any:
        return make_fast_throttle(StopSignal())


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    """One of the observations was changed by somebody else later."""
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        readers = Readers(World(FastRuns(tmp_path_factory.mktemp("read"), api.url), api))
        readers.world.write()
        assert readers.world.import_under()[0] == ExitCode.DONE
        api.advance(LATER_SECONDS)
        changed = readers.ask("show")
        path = f"/v1/Stores/{STORE}/Profiles/{changed['profile_id']}/Observations"
        api.call("PATCH", f"{path}/{changed['observations'][0]['id']}", {"content": "changed since"})
        api.settle()
        for command in ASKED:
            readers.truth[command] = readers.ask(command)
        yield readers
        api.set_faults()
        assert readers.ask("verify") == readers.truth["verify"]
        writes = readers.world.writes
        assert readers.world.import_under() == (ExitCode.DONE, {})
        assert readers.world.writes == writes, "what was known is known no longer"


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Print the exit codes of all cells that were tried."""
    yield
    for command, codes in TABLES.items():
        print_table(command, ASKED[command], codes)


@pytest.mark.parametrize(("command", "place", "lie"), CHOSEN, ids=lambda value: value)
def test_who_reads_back_is_told_the_truth_or_to_ask_later(
    readers: Readers, command: str, place: str, lie: str
) -> None:
    api, where = readers.world.api, PLACES[place]
    api.set_faults(where.lie(lie, nth=1))
    assert readers.ask(command) == readers.truth[command]
    api.set_faults(where.lie(lie))
    said, exit_code = readers.ask_or_fail(command)
    assert said in (None, readers.truth[command])
    assert exit_code in {ExitCode.DONE, ExitCode.PENDING}
    TABLES[command][place, lie] = str(int(exit_code))
    assert readers.world.unasked([where]) == []
