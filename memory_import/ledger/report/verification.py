"""What reading back came to, for the report, and every difference in a file of its own."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.columns import FILE, POS, ROW
from memory_import.ledger.files import whole_file
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import (
    WRONG,
    Finding,
    Verdict,
    Verification,
    read_findings,
    read_verification,
)
from memory_import.printable import counted

Bounds = Callable[[int, int], tuple[float, float]]
"""Of so many wrong ones among so many read, the rates between which that of all is."""

_MOST_NAMED = 10  # kinds of differences in a sentence
_HEADER = ("_file", "_row", "_verdict", "_what", "_sent", "_found")


def describe_verification(staging: Staging, bounds: Bounds) -> dict[str, Any] | None:
    """The section of a load's report; None where nothing was read back.

    It is about the last verification; `not_as_sent` counts the rows of all that are not in the store as they
    were sent, by the last that is known of each, `unchanged_not_as_sent` those among them that the run itself
    has sent nothing of. `rate` is that of rows that landed, `unchanged_rate` that of unchanged ones.
    """
    verification = read_verification(staging)
    if verification is None:
        return None
    all_found = read_findings(staging).values()
    found = [one for one in all_found if one.number == verification.number]
    refuted = [one for one in all_found if one.verdict in WRONG]
    not_as_sent = Counter(one.verdict for one in refuted)
    verdicts = Counter(finding.verdict for finding in found)
    sent = [one for one in found if not one.is_unchanged]
    unchanged = [one for one in found if one.is_unchanged]
    return {
        "sample": "all" if verification.sample is None else verification.sample,
        "landed": verification.landed,
        "unchanged": verification.unchanged,
        "planned": verification.planned,
        "read": len(found),
        **{verdict.value: verdicts[verdict] for verdict in Verdict},
        "followed": sum(finding.is_followed for finding in found),
        "wrong": sum(verdicts[verdict] for verdict in WRONG),
        "not_as_sent": {verdict.value: not_as_sent[verdict] for verdict in Verdict if verdict in WRONG},
        "unchanged_not_as_sent": sum(one.is_unchanged for one in refuted),
        "rate": _rate(sent, verification.landed, bounds),
        "unchanged_rate": _rate(unchanged, verification.unchanged, bounds),
        "differences": dict(
            sorted(Counter(each.what for finding in found for each in finding.differences).items())
        ),
        "billing": {
            "lookups": sum(finding.lookups for finding in found),
            "profiles_read": len({finding.profile_id for finding in found} - {None}),
        },
    }


def _rate(found: Sequence[Finding], population: int, bounds: Bounds) -> dict[str, Any]:
    """How many of those that were drawn at random are wrong, and between which rates that of all is."""
    drawn = [finding for finding in found if finding.is_random]
    wrong = sum(finding.verdict in WRONG for finding in drawn)
    is_all = len(drawn) == population
    exact = wrong / max(population, 1)
    low, high = (exact, exact) if is_all else bounds(wrong, len(drawn))
    return {"drawn": len(drawn), "wrong": wrong, "low": round(low, 6), "high": round(high, 6)}


def _of_last(staging: Staging, verification: Verification) -> list[Finding]:
    return [one for one in read_findings(staging).values() if one.number == verification.number]


def write_differences(staging: Staging, path: Path) -> None:
    """What was sent and what was found, a line for each difference; of a missing profile one without.

    Nothing is written where nothing was read back.
    """
    verification = read_verification(staging)
    if verification is None:
        return
    unequal = sorted(
        (one for one in _of_last(staging, verification) if one.verdict is not Verdict.EQUAL),
        key=lambda one: one.pos,
    )
    positions = pl.DataFrame({POS: [one.pos for one in unequal]}, schema={POS: pl.Int64})
    located = staging.locate(positions)
    places = {pos: (file, row) for part in located for pos, file, row in part.select(POS, FILE, ROW).rows()}
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(_HEADER)
    for one in unequal:
        for each in one.differences or (None,):
            told = ("", "", "") if each is None else (each.what, _json(each.sent), _json(each.found))
            lines.writerow((*places[one.pos], one.verdict.value, *told))
    with whole_file(path) as stream:
        stream.write(text.getvalue().encode("utf-8", "backslashreplace"))


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def describe_in_words(load: str, section: Mapping[str, Any]) -> list[str]:
    """Sentences about what reading back came to."""
    counts = ", ".join(
        f"{section[verdict.value]:,} {verdict.value.replace('_', ' ')}"
        for verdict in Verdict
        if section[verdict.value]
    )
    of_all = f"{section['landed']:,} {load}"
    if section["unchanged"]:
        of_all += f" and {section['unchanged']:,} unchanged"
    lines = [f"read back: {section['read']:,} of {of_all}: {counts or 'nothing'}"]
    if section["read"] < section["planned"]:
        lines.append(f"not read yet: {section['planned'] - section['read']:,}; verify again goes on")
    for rate, whose in ((section["rate"], "sent"), (section["unchanged_rate"], "unchanged")):
        if rate["low"] < rate["high"]:
            lines.append(
                f"{rate['wrong']:,} of {rate['drawn']:,} drawn at random are wrong: of all {whose}, "
                f"{rate['low']:.3%} to {rate['high']:.3%}, with 95% confidence"
            )
    billing = section["billing"]
    lines.append(
        f"billed at most: {counted(billing['lookups'], 'lookup')}, "
        f"{counted(billing['profiles_read'], 'profile read')}"
    )
    if section["differences"]:
        ordered = sorted(section["differences"].items(), key=lambda item: (-item[1], item[0]))
        differing = [f"{count:,} × {what}" for what, count in ordered[:_MOST_NAMED]]
        left = len(ordered) - _MOST_NAMED
        differing += [f"{left:,} more"] if left > 0 else []
        lines.append(f"what differs, as the file of differences tells: {', '.join(differing)}")
    return lines
