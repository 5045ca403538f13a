"""What the codes in a report mean: those of rows, of values, of persons, and of a server."""

import difflib
import re
from typing import Any

from memory_import.columns import DISPUTE_WORDING, EXCLUSION_WORDING, KEPT_WORDING
from memory_import.errors import UsageProblem
from memory_import.printable import printable_line
from memory_import.run.advice import Advice, advise
from memory_import.sources.errors import REJECT_WORDING
from memory_import.transforms.codes import DROPPED, WORDING, Change, Reason

_OURS = {**EXCLUSION_WORDING, **REJECT_WORDING, **WORDING, **DISPUTE_WORDING, **KEPT_WORDING}
_THEIRS = "refused by the server; its words are in the file of rejected rows"
_OF_SERVER: dict[str, tuple[str, str]] = {
    "20003": ("the service does not take the credentials", "Renew the key, then `memory-import resume`."),
    "20404": (
        "the service does not have what the request was for, such as a profile that was deleted",
        "Look whether the store and the profile are still there, then import the row again.",
    ),
    "520010": (
        "the service could not take the traits of the profile: no identifier, a wrong type, or a trait that "
        "the store does not declare",
        "Compare the row with what the store declares (`memory-import doctor SPEC`); feed rejects.csv back.",
    ),
    "520042": ("the store is not ACTIVE", "Wait until it is, then `memory-import resume`."),
    "520046": ("the service does not take the form of the request", "Report it with the row's message."),
    "520047": (
        "the store does not declare a trait group that the spec uses",
        "Declare the group in the store; `memory-import doctor SPEC` lists what it lacks.",
    ),
    "operation_failed": (
        "the service took the request and its operation failed, without a code",
        "Read the row's message in rejects.csv; feed the file back to try again.",
    ),
}
_READ_MESSAGE = "Read the row's message in rejects.csv, and correct it."
_HTTP = re.compile(r"http_([1-5]\d\d)")
_NUMBER = re.compile(r"\d{3,6}")


def explain_code(code: str) -> str:
    """The sentence for a reason or a change; every code that is none of ours was given by the server."""
    if code.startswith(DROPPED):
        return f"left out: {WORDING[code.removeprefix(DROPPED)]}"
    if code in _OF_SERVER:
        return _OF_SERVER[code][0]
    return _OURS.get(code, _THEIRS)


def explain_and_advise(code: str) -> tuple[str, str]:
    """What any code in a report means, and what to do about it."""
    if code in _OF_SERVER:
        return _OF_SERVER[code]
    ours = code.removeprefix(DROPPED)
    return explain_code(code), advise(ours).remedy if ours in _OURS else _READ_MESSAGE


def describe_code(code: str) -> tuple[dict[str, Any], str]:
    """A code as a document and as text: what it means, an example, what to do.

    `UsageProblem` names the nearest codes where it is none.
    """
    name = code.strip()
    ours = name.removeprefix(DROPPED)
    if ours in _OURS:
        return _described(name, explain_code(name), advise(ours))
    if name in _OF_SERVER:
        return _described(name, *_of_server(*_OF_SERVER[name]))
    if found := _HTTP.fullmatch(name):
        meaning = f"the service refused the row with HTTP status {found[1]} and gave no code of its own"
        return _described(name, *_of_server(meaning, _READ_MESSAGE))
    if _NUMBER.fullmatch(name):
        known = "a code of the service's own; its words are in the file of rejected rows"
        return _described(name, *_of_server(known, "Look it up at https://www.twilio.com/docs/api/errors."))
    nearest = difflib.get_close_matches(name.lower(), [*_OURS, *_OF_SERVER], n=3, cutoff=0.5)
    proposal = f" Did you mean {' or '.join(nearest)}?" if nearest else " docs/codes.md lists all codes."
    raise UsageProblem(f"There is no code {printable_line(name)!r}.{proposal}")


def _of_server(meaning: str, remedy: str) -> tuple[str, Advice]:
    return meaning, Advice(remedy)


def _described(code: str, meaning: str, advice: Advice) -> tuple[dict[str, Any], str]:
    document = {
        "code": code,
        "meaning": meaning,
        "example": advice.example or None,
        "result": advice.result,
        "what_to_do": advice.remedy,
    }
    lines = [code, f"  meaning:     {meaning}"]
    if advice.example:
        result = f" becomes `{advice.result}`" if advice.result else ""
        lines.append(f"  example:     {advice.example}{result}")
    return document, "\n".join([*lines, f"  what to do:  {advice.remedy}"])


def code_tables() -> dict[str, dict[str, str]]:
    """Every code of ours with its sentence, by what it is about; then those of the service that are known."""
    return {
        "Rows that could not be read": dict(REJECT_WORDING),
        "Rows that are left out": dict(EXCLUSION_WORDING),
        "Values and rows that were refused": {reason.value: WORDING[reason] for reason in Reason},
        "Values that were changed": {change.value: WORDING[change] for change in Change},
        "Values that people disagree about (`reason` in conflicts.csv)": dict(DISPUTE_WORDING),
        "Profiles that are left alone (`code` in deletions.csv, cleared.csv, former.csv)": dict(KEPT_WORDING),
        "Rows that the service refused": {code: meaning for code, (meaning, _) in _OF_SERVER.items()},
    }
