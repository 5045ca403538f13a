"""What the codes in a report mean: those of rows, of values, and of a server."""

from memory_import.sources.errors import REJECT_WORDING
from memory_import.transforms.codes import DROPPED, WORDING

_OURS = {**REJECT_WORDING, **WORDING}
_THEIRS = "refused by the server; its words are in the file of rejected rows"


def explain_code(code: str) -> str:
    """The sentence for a reason or a change; every code that is none of ours was given by the server."""
    if code.startswith(DROPPED):
        return f"left out: {WORDING[code.removeprefix(DROPPED)]}"
    return _OURS.get(code, _THEIRS)
