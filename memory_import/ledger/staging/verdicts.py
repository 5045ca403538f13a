"""What was read back of the rows of a load, as it is kept beside them.

    verdicts.jsonl       a line for each row that was read back: Finding
    verification.json    the verification that is under way or was the last one: Verification

Both may quote customers; like all staged files they are readable by their owner only. A later line about a
row counts in place of an earlier one.
"""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from memory_import.columns import POS, schema
from memory_import.ledger.files import write_json
from memory_import.ledger.staging.staged import Staging

_FINDINGS, _VERIFICATION = "verdicts.jsonl", "verification.json"


class Verdict(StrEnum):
    """What reading back found of a row."""

    EQUAL = "equal"
    MISSING = "missing"  # nothing is found where it was sent to
    DIFFERENT = "different"  # what is found is not what was sent, and nobody changed it since
    MERGED = "merged"  # its profile is that of another person of the run, too, and says what that one does
    CHANGED_SINCE = "changed_since"  # somebody changed it after it was sent


WRONG = frozenset({Verdict.MISSING, Verdict.DIFFERENT, Verdict.MERGED})
"""The verdicts on rows that are not in the store as they were sent."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was sent of a trait, an identifier type or a memory, and what was found: JSON values."""

    what: str
    sent: Any
    found: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of the row at `pos`, by the verification `number`. `profile_id` None: no profile.

    `is_followed`: its profile was merged into another one since, which was read. `is_random`: the row was
    drawn from all rows, and not because it is of a certain kind. `is_unchanged`: the run has sent nothing of
    it, as it was known. `lookups`: how many identifiers were looked up for it.
    """

    number: int
    pos: int
    verdict: Verdict
    profile_id: str | None
    is_followed: bool = False
    is_random: bool = True
    is_unchanged: bool = False
    lookups: int = 0
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One verification of a load: of rows that `landed`, and of those that are `unchanged`, those of a sample
    (None: all of them).

    `planned` is how many are read back; `is_finished` says whether all of them were.
    """

    number: int
    sample: int | None
    landed: int
    unchanged: int
    planned: int
    is_finished: bool = False


def read_verification(staging: Staging) -> Verification | None:
    """The last verification of a load; None where there was none."""
    try:
        return Verification(**json.loads((staging.folder / _VERIFICATION).read_text()))
    except FileNotFoundError:
        return None


def write_verification(staging: Staging, verification: Verification) -> None:
    """Keep where a verification stands."""
    write_json(asdict(verification), staging.folder / _VERIFICATION)


def note_findings(staging: Staging, findings: Iterable[Finding]) -> None:
    """Keep what was found; it is on the disk when this returns."""
    lines = "".join(f"\n{json.dumps(asdict(finding))}" for finding in findings)
    path = staging.folder / _FINDINGS
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as stream:
        stream.write(lines.encode("utf-8", "backslashreplace"))
        stream.flush()
        os.fsync(stream.fileno())


def read_findings(staging: Staging) -> dict[int, Finding]:
    """What was found last of each row that was ever read back, by `_pos`."""
    return {facts["pos"]: _as_finding(facts) for facts in _read_lines(staging)}


def _read_lines(staging: Staging) -> Iterator[Mapping[str, Any]]:
    """A line that was cut off by a crash is left out."""
    path = staging.folder / _FINDINGS
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(ValueError):
                yield json.loads(line)


def _as_finding(facts: Mapping[str, Any]) -> Finding:
    differences = tuple(Difference(**each) for each in facts["differences"])
    return Finding(**{**facts, "verdict": Verdict(facts["verdict"]), "differences": differences})


def find_verified(staging: Staging) -> pl.Series:
    """`_pos` of the rows that were read back and found equal, in order."""
    return _positions(staging, {Verdict.EQUAL})


def find_refuted(staging: Staging) -> pl.Series:
    """`_pos` of the rows that are not in the store as they were sent, in order: they are known no longer."""
    return _positions(staging, WRONG)


def _positions(staging: Staging, wanted: Collection[Verdict]) -> pl.Series:
    verdicts = {facts["pos"]: facts["verdict"] for facts in _read_lines(staging)}
    positions = [pos for pos, verdict in verdicts.items() if verdict in wanted]
    return pl.Series(POS, sorted(positions), schema(POS)[POS])
