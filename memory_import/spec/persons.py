"""What a spec says of persons: who is one, and which values identify nobody."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from memory_import.spec.traits import SpecModel

NAME_TRAITS = frozenset(
    (
        "name",
        "fullname",
        "firstname",
        "middlename",
        "lastname",
        "givenname",
        "familyname",
        "surname",
        "forename",
    )
)
"""Traits with such a name, in any case, tell people apart where a spec does not say which do."""
COMPANY_GROUPS = frozenset(("account", "company", "organisation", "organization"))
"""In trait groups with such a name they are the names of companies."""


def _as_percent(value: object) -> object:
    """`"20%"` as 20; anything else as it stands."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return value.strip()[:-1]
    return value


class PersonsSpec(SpecModel):
    """Who is one person."""

    max_people_per_value: int = Field(
        default=10, ge=1, strict=True, description="A value of more people identifies nobody."
    )
    max_shared: Annotated[
        float, BeforeValidator(_as_percent, json_schema_input_type=str), Field(ge=0, le=100)
    ] = Field(
        default=20.0,
        description="Such as 20%: where more of the rows that fill a trait share its values with too many "
        "people, nothing is sent.",
    )
    block: tuple[str, ...] = Field(
        default=(), description="Values that identify nobody, compared after normalisation."
    )
    on_conflict: Literal["separate", "merge", "reject"] = Field(
        default="separate",
        description="What becomes of a value that people claim whose names disagree: it stays with its "
        "holder or with nobody (separate), makes them one person (merge), or its rows are rejected (reject).",
    )
    on_renamed: Literal["conflict", "same"] = Field(
        default="conflict",
        description="What becomes of a row that alone claims what a known person holds, under another name: "
        "it goes without (conflict), or it is that person (same).",
    )
    names: tuple[str, ...] | None = Field(
        default=None,
        description="The traits that tell people apart. Left out: those that are called names.",
    )


class SyncSpec(SpecModel):
    """What becomes of known people on the runs after the first one."""

    gone: Literal["report", "delete", "ignore"] = Field(
        default="report",
        description="People who are gone from the input are counted and listed (report), and deleted from "
        "the store after two complete runs without them (delete; needs the spec's `name`), or not looked "
        "for: for files that hold changes only (ignore).",
    )
    on_blank: Literal["keep", "clear"] = Field(
        default="keep",
        description="A trait that is known and now blank in all rows of the person: it stays in the store "
        "(keep), or is removed from the profile (clear). Never an identifier, a value that was dropped, or a "
        "column that a file lacks.",
    )
    former: Literal["keep", "replace"] = Field(
        default="keep",
        description="A known identifier value that no row of the person states any more: it stays (keep), or "
        "gives way to the one new value of its type that the person has (replace). What has no such "
        "successor stays, and is listed in former.csv.",
    )
    max_gone: Annotated[
        float, BeforeValidator(_as_percent, json_schema_input_type=str), Field(ge=0, le=100)
    ] = Field(
        default=5.0,
        description="Such as 5%, with `gone: delete` and `on_blank: clear`: where more of the known people "
        "(of 20, where fewer are known) are newly gone, would be deleted or would lose a trait, nothing is "
        "sent.",
    )
