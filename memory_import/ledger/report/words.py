"""The words of a report for whoever did not build this: of outcomes, of the whole, and of what comes next."""

import shlex
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from memory_import.ledger.report.outcomes import Outcome

MEANING = {
    Outcome.VERIFIED: "in the store: read back and found equal",
    Outcome.COMPLETED: "in the store, as the service says",
    Outcome.ACCEPTED: "taken by the service, which gave nothing to follow",
    Outcome.MERGED: "folded into another row of the same person",
    Outcome.UNCHANGED: "same as last time, not sent",
    Outcome.EXCLUDED: "left out by the spec, or an empty line",
    Outcome.REJECTED: "not imported: the file of rejected rows says why",
    Outcome.UNKNOWN: "sent, and nobody can say what became of them",
    Outcome.PENDING: "not finished yet",
    Outcome.PLANNED: "would be sent",
}
"""What each outcome of rows means, in the order in which they are shown."""

_IN = (Outcome.VERIFIED, Outcome.COMPLETED, Outcome.ACCEPTED)
_SAID = {
    Outcome.PLANNED: "would be sent",
    Outcome.MERGED: "belong to the person of another row",
    Outcome.UNCHANGED: "are as they were",
    Outcome.EXCLUDED: "are left out",
    Outcome.REJECTED: "are rejected",
    Outcome.UNKNOWN: "are in doubt",
    Outcome.PENDING: "are not finished",
}
_BUDGET_HIT = 3
_OF_ONE = {"are": "is", "belong": "belongs"}
_DEFAULT_STATE_DIR = ".memory-import"


def headline(report: Mapping[str, Any]) -> str:
    """What became of all rows, in a sentence."""
    total: Counter[str] = Counter()
    for load in report["loads"].values():
        total.update(load["rows"])
    if not total["read"]:
        return "No row was read."
    landed = sum(total[outcome] for outcome in _IN)
    counted = [(landed, "are in the store"), *((total[outcome], words) for outcome, words in _SAID.items())]
    parts = [_say(count, words) for count, words in counted if count]
    return f"Of {total['read']:,} row{'s' * (total['read'] != 1)} {_listed(parts)}."


def next_step(report: Mapping[str, Any], folder: str) -> str:
    """The command to type next, with what it is for."""
    state_dir = str(PurePath(folder).parent.parent)
    where = "" if state_dir == _DEFAULT_STATE_DIR else f" --state-dir {shlex.quote(state_dir)}"
    if report["resume_command"]:
        purpose = "to send it" if "plan" in report else "to go on"
        purpose += ", with a larger budget" if report["exit_code"] == _BUDGET_HIT else ""
        return f"{report['resume_command']}    ({purpose})"
    reasons: Counter[str] = Counter()
    for load in report["loads"].values():
        reasons.update(load["reject_reasons"])
    if reasons:
        [(code, _)] = reasons.most_common(1)
        return f"memory-import explain {shlex.quote(code)}    (why most rows were rejected, and what to do)"
    return f"memory-import status{where}    (all runs)"


def _say(count: int, words: str) -> str:
    verb, _, rest = words.partition(" ")
    return f"{count:,} {_OF_ONE.get(verb, verb) if count == 1 else verb} {rest}"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
