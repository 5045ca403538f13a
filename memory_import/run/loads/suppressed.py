"""The file of people who must not be imported, as the spec's `suppress` names it."""

from pathlib import Path

import polars as pl

from memory_import.errors import UsageProblem
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.suppression import SUPPRESSED_SCHEMA, read_suppressed

_MOST_NAMED = 5


def load_suppressed(spec: ProfilesSpec, folder: Path, plan: ProfilePlan) -> pl.DataFrame:
    """The identifiers of the file (SUPPRESSED_SCHEMA); none where the spec names no file.

    The first line may be a heading. `UsageProblem` where the file cannot be read, or another line holds no
    identifier of the load: to pass over it could send a person who must not be.
    """
    if spec.suppress is None:
        return pl.DataFrame(schema=SUPPRESSED_SCHEMA)
    path = folder / Path(spec.suppress).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise UsageProblem(f"profiles.suppress: {path} cannot be read: {reason}.") from None
    lines = pl.Series(text.splitlines(), dtype=pl.String).str.strip_chars(' \t",;')
    found = read_suppressed(lines, plan)
    is_missed = ~pl.int_range(len(lines), dtype=pl.UInt32, eager=True).is_in(found["line"].implode())
    missed = [row + 1 for row in (is_missed & (lines != "")).arg_true() if row > 0]
    if missed:
        named = ", ".join(map(str, missed[:_MOST_NAMED])) + (
            " and others" if len(missed) > _MOST_NAMED else ""
        )
        types = " or ".join(dict.fromkeys(identifier.id_type for identifier in plan.identifiers))
        raise UsageProblem(
            f"profiles.suppress: {path} holds no identifier in line {named}; expected one of type {types} a "
            "line, phones with their plus."
        )
    return found
