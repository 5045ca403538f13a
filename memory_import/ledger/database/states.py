"""The states of a batch, and the moves between them that the ledger allows.

    planned -> sending -> accepted -> completed
                  |           |-> rejected | split | unknown
                  |-> verified | rejected | split | unknown
                  |-> planned        (a 429, a request that never left the host, or read back and not there)

Everything else moves forward only.
"""

from enum import StrEnum


class BatchState(StrEnum):
    """What is known of one batch."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    VERIFIED = "verified"
    REJECTED = "rejected"
    SPLIT = "split"
    UNKNOWN = "unknown"


UNSENT = (BatchState.PLANNED, BatchState.SENDING)
"""Not taken by the server, as far as it is known."""

OPEN = (BatchState.PLANNED, BatchState.SENDING, BatchState.ACCEPTED)
"""Not at their end, as far as it is known."""

MOVES: dict[BatchState, frozenset[BatchState]] = {
    BatchState.PLANNED: frozenset({BatchState.SENDING, BatchState.SPLIT}),
    BatchState.SENDING: frozenset(
        {
            BatchState.SENDING,  # repeated after a lost answer or a restart: same body, same effect
            BatchState.PLANNED,
            BatchState.ACCEPTED,
            BatchState.VERIFIED,  # the answer was lost, and what was sent was read back and found equal
            BatchState.REJECTED,
            BatchState.SPLIT,
            BatchState.UNKNOWN,
        }
    ),
    BatchState.ACCEPTED: frozenset(
        {BatchState.COMPLETED, BatchState.REJECTED, BatchState.SPLIT, BatchState.UNKNOWN}
    ),
    BatchState.COMPLETED: frozenset(),
    BatchState.VERIFIED: frozenset(),
    BatchState.REJECTED: frozenset(),
    BatchState.SPLIT: frozenset(),
    BatchState.UNKNOWN: frozenset(),
}


class IllegalMove(RuntimeError):
    """A batch was asked to make a move that `MOVES` does not hold: a fault in this program."""


def origins(target: BatchState) -> frozenset[BatchState]:
    """The states from which a batch may move to `target`."""
    return frozenset(state for state, targets in MOVES.items() if target in targets)
