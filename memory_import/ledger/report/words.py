"""The words of a report for whoever did not build this: of outcomes, of the whole, and of what comes next."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from memory_import.errors import ExitCode
from memory_import.ledger.report.outcomes import Outcome
from memory_import.printable import counted

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

_MOST_NAMED = 5  # files in a sentence
_IN = (Outcome.VERIFIED, Outcome.COMPLETED, Outcome.ACCEPTED)
_SAID = {
    Outcome.PLANNED: "would be sent",
    Outcome.MERGED: "belong to the person of another row",
    Outcome.UNCHANGED: "are unchanged",
    Outcome.EXCLUDED: "are left out",
    Outcome.REJECTED: "are rejected",
    Outcome.UNKNOWN: "are in doubt",
    Outcome.PENDING: "are not finished",
}
_REFUTED = {
    "missing": "are missing from the store",
    "different": "are in the store otherwise than they were sent",
    "merged": "are in the profile of another person",
}
"""Of rows that were read back, what each verdict against them says."""
EXIT_MEANING = {
    ExitCode.DONE: "every row is accounted for",
    ExitCode.REJECTS: "finished; some rows are rejected, in doubt or not as they were sent",
    ExitCode.USAGE: "the command, the spec, the input or the store did not allow it",
    ExitCode.BUDGET: "a limit was reached, and nothing further was sent",
    ExitCode.CREDENTIALS: "the service did not take the credentials",
    ExitCode.PENDING: "not finished yet",
    ExitCode.CHANGED: "the input, the spec or the store is not what it was",
    ExitCode.INTERNAL: "an error of this program",
    ExitCode.INTERRUPTED: "stopped by a person",
    ExitCode.TERMINATED: "stopped by the system",
}
"""What an exit code says of a run."""

_OF_ONE = {"are": "is", "belong": "belongs"}
_DEFAULT_STATE_DIR = ".memory-import"


def headline(report: Mapping[str, Any]) -> str:
    """What became of all rows, in a sentence."""
    total: Counter[str] = Counter()
    for load in report["loads"].values():
        total.update(load["rows"])
    if not total["read"]:
        return "No row was read."
    refuted = count_not_as_sent(report)
    of_unchanged = sum(verification["unchanged_not_as_sent"] for verification in _verifications(report))
    total[Outcome.UNCHANGED] -= of_unchanged
    landed = sum(total[outcome] for outcome in _IN) - (refuted.total() - of_unchanged)
    told = [(landed, "are in the store"), *((refuted[verdict], words) for verdict, words in _REFUTED.items())]
    listed = [*told, *((total[outcome], words) for outcome, words in _SAID.items())]
    parts = [_say(count, words) for count, words in listed if count]
    return f"Of {counted(total['read'], 'row')} {_listed(parts)}."


def count_not_as_sent(report: Mapping[str, Any]) -> Counter[str]:
    """The rows that were read back and are not in the store as they were sent, by verdict."""
    counts: Counter[str] = Counter()
    for verification in _verifications(report):
        counts.update(verification["not_as_sent"])
    return counts


def _verifications(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (load["verification"] for load in report["loads"].values() if load.get("verification"))


@dataclass(frozen=True, slots=True)
class Step:
    """A command to type, and what it is for."""

    command: str
    purpose: str


def name_rows(places: Sequence[Sequence[Any]]) -> str:
    """Such as `rows 4, 16 of customers.csv`; no row twice."""
    by_file: dict[str, list[int]] = {}
    for file, row in places:
        rows = by_file.setdefault(PurePath(file).name, [])
        if row not in rows:
            rows.append(row)
    return "; ".join(
        f"row{'s' * (len(rows) > 1)} {', '.join(f'{row:,}' for row in rows)} of {file}"
        for file, rows in by_file.items()
    )


def say_billing(report: Mapping[str, Any]) -> str:
    """What a run has used, in the units of the bill, in a sentence."""
    billing = report["billing"]
    return (
        f"Billed: {counted(billing['profile_operations'], 'profile operation')}, "
        f"{counted(billing['lookups'], 'lookup')}, {counted(billing['recalls'], 'recall')}."
    )


def next_steps(report: Mapping[str, Any], folder: str) -> list[Step]:
    """What to type next, the most urgent first; at least one."""
    steps = list(_find_steps(report, _state_dir_option(folder)))
    return steps or [Step(f"memory-import status{_state_dir_option(folder)}", "all runs")]


def next_step(report: Mapping[str, Any], folder: str) -> str:
    """The command to type next, with what it is for."""
    step = next_steps(report, folder)[0]
    return f"{step.command}    ({step.purpose})"


def _find_steps(report: Mapping[str, Any], state_dir: str) -> Iterator[Step]:
    if "plan" in report:
        yield from _prepare_plan(report, state_dir)
    if report["exit_code"] == ExitCode.BUDGET:
        yield from _after_budget(report, state_dir)
    elif report["resume_command"]:
        yield Step(report["resume_command"], "to send it" if "plan" in report else "to go on")
    if count_not_as_sent(report).total() and not report["target"]["emulator"]:
        yield Step(
            f"memory-import run {shlex.quote(report['spec'])}{state_dir}",
            "sends again what was read back and is not as it was sent",
        )
    if report["status"] == "failed":
        yield Step(f"memory-import doctor {shlex.quote(report['spec'])}", "what has to be put right first")
    reasons: Counter[str] = Counter()
    for load in report["loads"].values():
        reasons.update(load["reject_reasons"])
    if reasons:
        [(code, _)] = reasons.most_common(1)
        yield Step(
            f"memory-import explain {shlex.quote(code)}", "why most rows were rejected, and what to do"
        )
    if report["status"] == "finished" and any(map(_can_be_verified, report["loads"].values())):
        yield Step(
            f"memory-import verify {report['run_id']}{state_dir}",
            "reads some of it back and compares; reads are billed",
        )


def _prepare_plan(report: Mapping[str, Any], state_dir: str) -> Iterator[Step]:
    """What comes before a plan can be applied: a store that takes it, or another plan."""
    spec = shlex.quote(report["spec"])
    if report["plan"]["store"]["lacks"] and not report["target"]["emulator"]:
        yield Step(f"memory-import setup {spec}{state_dir}", "what the store lacks, shown and made")
    elif report["exit_code"] in {ExitCode.USAGE, ExitCode.CHANGED}:
        yield Step(f"memory-import plan {spec}{state_dir}", "anew: this one cannot be applied as it stands")


def _after_budget(report: Mapping[str, Any], state_dir: str) -> Iterator[Step]:
    """Anew with another spec where that is what is meant; as it is where an option allows it."""
    anew = f"memory-import {'plan' if 'plan' in report else 'run'} {shlex.quote(report['spec'])}{state_dir}"
    lines = report.get("spec_lines", ())
    if lines:
        left = len(lines) - _MOST_NAMED
        more = f"; and {left} more that the messages name" if left > 0 else ""
        yield Step(anew, f"once the spec says {'; '.join(lines[:_MOST_NAMED])}{more}")
    if report["resume_command"] and report.get("option"):
        purpose = f"to go on as it is, with a larger {report['option']}"
        yield Step(report["resume_command"], purpose)
    if not lines:
        yield Step(anew, "anew, once the spec or the input is put right")


def _can_be_verified(load: Mapping[str, Any]) -> bool:
    return not load.get("verification") and any(load["rows"][outcome] for outcome in _IN)


def _state_dir_option(folder: str) -> str:
    state_dir = str(PurePath(folder).parent.parent)
    return "" if state_dir == _DEFAULT_STATE_DIR else f" --state-dir {shlex.quote(state_dir)}"


def _say(count: int, words: str) -> str:
    verb, _, rest = words.partition(" ")
    return f"{count:,} {_OF_ONE.get(verb, verb) if count == 1 else verb} {rest}"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def say_files(load: Mapping[str, Any]) -> list[str]:
    """The files that were found and not read, in a sentence."""
    names = [file["name"] for file in load.get("files_not_read", ())]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return [f"found and not read: {', '.join(names[:_MOST_NAMED])}{more}"] if names else []
