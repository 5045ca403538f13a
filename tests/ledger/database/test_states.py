"""A batch moves forward only: every move between two states is either in the picture or refused."""

from itertools import product

import pytest

from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.states import MOVES, BatchState, IllegalMove
from tests.support.ledger_examples import drive, enter, find, make_load, make_planned

ALLOWED = {
    "planned": {"sending", "split"},
    "sending": {"sending", "planned", "accepted", "verified", "rejected", "split", "unknown"},
    "accepted": {"completed", "rejected", "split", "unknown"},
    "completed": set(),
    "verified": set(),
    "rejected": set(),
    "split": set(),
    "unknown": set(),
}
ALL_MOVES = [(origin, target) for origin, target in product(BatchState, BatchState)]


@pytest.mark.parametrize(("origin", "target"), ALL_MOVES, ids=lambda state: state.value)
def test_the_ledger_makes_exactly_the_moves_of_the_picture(
    ledger: Ledger, origin: BatchState, target: BatchState
) -> None:
    [batch] = enter(ledger, make_load(1), [make_planned()])
    drive(ledger, batch, origin)

    if target.value in ALLOWED[origin.value]:
        with ledger.transaction() as transaction:
            transaction.move(batch.id, target, {})
        assert find(ledger, batch).state is target
    else:
        message = f"Batch {batch.id} cannot move to {target}"
        with pytest.raises(IllegalMove, match=message), ledger.transaction() as transaction:
            transaction.move(batch.id, target, {"http_status": 202})
        assert find(ledger, batch).state is origin
        assert find(ledger, batch).http_status is None


def test_only_what_was_sent_can_be_done() -> None:
    before_sending = {target for target in MOVES[BatchState.PLANNED] if not MOVES[target]}
    assert before_sending == {BatchState.SPLIT}


def test_every_state_is_on_some_way_from_planned() -> None:
    reached = {BatchState.PLANNED}
    for _ in BatchState:
        reached |= {target for state in reached for target in MOVES[state]}
    assert reached == set(BatchState)
