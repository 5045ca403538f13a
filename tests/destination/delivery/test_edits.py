"""A change of a profile that the service took is read back for ten minutes; then nobody knows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from memory_import.columns import Kept
from memory_import.destination.api.edits import Asking, Pair
from memory_import.destination.delivery.edits.engine import Editing, read_back
from memory_import.destination.http.client import Client
from memory_import.destination.http.decisions import Refused, Success
from memory_import.ledger.database.edits import Edit, EditKind, EditState
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.ledger import Ledger
from tests.support.ledger_examples import RUN_ID, make_run
from tests.support.servers import STORE, Clock, make_client, make_pace

pytestmark = pytest.mark.anyio
SENT_AT = 1_790_000_000.0
STORE_BODY = {"id": STORE, "displayName": "acme", "status": "ACTIVE", "version": 1}


@dataclass
class Deleting:
    """A profile that is there until so many seconds after its deletion was asked for."""

    clock: Clock
    gone_after_seconds: float
    kind: EditKind = EditKind.DELETE
    identifiers: Mapping[int, tuple[Pair, ...]] = field(default_factory=dict)
    refusals_of_done: frozenset[int] = frozenset({404})

    def judge(self, number: int, shown: set[Pair]) -> Kept | EditState | None:
        raise AssertionError("nothing is looked up")

    def list_others(self, number: int, shown: set[Pair]) -> set[str]:
        raise AssertionError("nothing is looked up")

    async def ask(self, client: Client, number: int, asking: Asking) -> Success | Refused:
        raise AssertionError("nothing is sent")

    async def is_done(self, client: Client, store_id: str, edit: Edit) -> bool:
        return self.clock.now >= self.gone_after_seconds


@pytest.mark.parametrize(
    ("gone_after_seconds", "wait_seconds", "state", "seconds"),
    [
        pytest.param(0, 3_600, EditState.DONE, (0, 30), id="at once"),
        pytest.param(500, 3_600, EditState.DONE, (500, 560), id="late"),
        pytest.param(10_000, 3_600, EditState.UNKNOWN, (600, 630), id="never, within ten minutes"),
        pytest.param(10_000, 120, EditState.ACCEPTED, (120, 150), id="nobody waits for so long"),
    ],
)
async def test_what_is_there_after_ten_minutes_is_unknown(
    ledger: Ledger,
    gone_after_seconds: float,
    wait_seconds: float,
    state: EditState,
    seconds: tuple[float, float],
) -> None:
    clock = Clock()
    clock.now = 0.0
    ledger.create_run(make_run())
    ledger.plan_edits(RUN_ID, EditKind.DELETE, [7])
    commits = GroupCommit(ledger, RUN_ID, clock=clock)
    client = make_client(
        lambda _: httpx.Response(200, content=json.dumps(STORE_BODY)), throttle=make_pace(clock)
    )
    async with client:
        work = Editing(
            client=client,
            commits=commits,
            ledger=ledger,
            run_id=RUN_ID,
            store_id=STORE,
            way=Deleting(clock, gone_after_seconds),
            find_present=lambda _: set(),
            now=lambda: SENT_AT + clock.now,
        )
        await commits.note_edit(
            Edit(kind=EditKind.DELETE, number=7, state=EditState.ACCEPTED, sent_at=SENT_AT, profile_id="p")
        )
        undecided = await read_back(work, wait_seconds=wait_seconds)
        await commits.close()
    [edit] = ledger.edits(RUN_ID, EditKind.DELETE)
    assert (edit.state, undecided) == (state, int(state is EditState.ACCEPTED))
    assert seconds[0] <= clock.now <= seconds[1]
