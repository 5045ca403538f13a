"""The file of people who must not be imported, as the spec's `suppress` names it."""

from pathlib import Path

import polars as pl

from memory_import.errors import UsageProblem
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.suppression import SUPPRESSED_SCHEMA, read_suppressed

_MOST_NAMED = 5
_LOOKS_LIKE = {
    "phone": r"^\+|^[0-9(][0-9().-]*[ (][0-9 ().-]*[0-9]$|^(?:1[.-])?[0-9]{3}[.-][0-9]{3}[.-][0-9]{4}$",
    "email": "@",
}
"""By normalization: lines that are meant for such an identifier. Any text can be one of another type, such as
a customer's number; then nobody would notice that a phone was not understood."""
_HOLDS_NUMBER = "(?:[0-9][^0-9]*){7}"


def load_suppressed(spec: ProfilesSpec, folder: Path, plan: ProfilePlan) -> pl.DataFrame:
    """The identifiers of the file (SUPPRESSED_SCHEMA); none where the spec names no file.

    The first line may be a heading, which has no number and no address in it. `UsageProblem` where the file
    cannot be read, or another line holds no identifier of the load, or not one of the type that it looks
    like: to pass over it could send a person who must not be.
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
    is_heading = ~lines.str.contains(f"{_HOLDS_NUMBER}|@") & (pl.int_range(len(lines), eager=True) == 0)
    missed = [row + 1 for row in (find_missed(lines, found, plan) & (lines != "") & ~is_heading).arg_true()]
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


def find_missed(lines: pl.Series, found: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """Of which lines nothing was found (Boolean), or nothing of the type that they look like; `found`:
    SUPPRESSED_SCHEMA."""
    number = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    is_missed = ~number.is_in(found["line"].implode())
    for normalization, look in _LOOKS_LIKE.items():
        types = [each.id_type for each in plan.identifiers if each.normalization == normalization]
        if types:
            of_type = found.filter(pl.col("id_type").is_in(types))["line"]
            is_missed |= lines.str.contains(look) & ~number.is_in(of_type.implode())
    return is_missed
