"""What the codes in a report mean: those of rows, of values, and of a server."""

from memory_import.columns import EXCLUSION_WORDING
from memory_import.sources.errors import REJECT_WORDING
from memory_import.transforms.codes import DROPPED, WORDING, Change, Reason

_OURS = {**EXCLUSION_WORDING, **REJECT_WORDING, **WORDING}
_THEIRS = "refused by the server; its words are in the file of rejected rows"


def explain_code(code: str) -> str:
    """The sentence for a reason or a change; every code that is none of ours was given by the server."""
    if code.startswith(DROPPED):
        return f"left out: {WORDING[code.removeprefix(DROPPED)]}"
    return _OURS.get(code, _THEIRS)


def code_tables() -> dict[str, dict[str, str]]:
    """Every code of ours with its sentence, by what it is about."""
    return {
        "Rows that could not be read": dict(REJECT_WORDING),
        "Rows that are left out": dict(EXCLUSION_WORDING),
        "Values and rows that were refused": {reason.value: WORDING[reason] for reason in Reason},
        "Values that were changed": {change.value: WORDING[change] for change in Change},
    }
