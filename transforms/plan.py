"""What the spec asks for, as the values that the preparation of rows works from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Literal

from memory_import.columns import CODE_PREFIX, ID_PREFIX, PLACE_PREFIX, PROFILE_ID, VALUE_PREFIX


class TraitType(StrEnum):
    """How the text of a cell is read, and what JSON it becomes."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    ARRAY = "array"
    PHONE = "phone"
    EMAIL = "email"


ItemType = Literal[TraitType.STRING, TraitType.INTEGER, TraitType.BOOLEAN]
OnInvalid = Literal["drop", "reject"]
Normalization = Literal["phone", "email", "trim", "none"]


@dataclass(frozen=True, kw_only=True)
class TextSteps:
    """What is done to a cell before it is read as its type, in this order; None and empty do nothing.

    `strip`: characters to take off both ends. `pattern`: a regular expression with one group, which is taken.
    `mapped`: values by text, `otherwise` for all other texts (None refuses them). `name`: the first name or
    the rest of a full name. `case`: how letters are written.
    """

    strip: str | None = None
    pattern: str | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    name: Literal["first", "last"] | None = None
    case: Literal["lower", "upper", "title"] | None = None


NO_STEPS = TextSteps()


@dataclass(frozen=True, kw_only=True)
class TraitPlan:
    """One trait: which columns it is read from, and how.

    Of several columns the first that holds a valid value counts; without any, `constant` stands in every row
    (`${file}` is the name of its file). `formats` (strftime codes, or words of `values.formats`) belong to
    date and datetime, the first that reads a text counts; none is ISO 8601. `timezone` (IANA name) belongs to
    datetimes that state no offset. `separator` belongs to arrays, where None makes a whole cell one item, and
    to phones and emails, where None finds out; `items` to arrays. `repair` and `vanity` belong to phones.
    `several` says of a trait that identifies whether all valid values of a row do, or the first alone.
    `decimal`, `thousands` belong to numbers and integers; `true`, `false` to booleans. `steps`: what is done
    to a text before it is read.
    """

    group: str
    name: str
    columns: tuple[str, ...]
    type: TraitType = TraitType.STRING
    on_invalid: OnInvalid = "drop"
    formats: tuple[str, ...] = ()
    timezone: str | None = None
    separator: str | None = None
    items: ItemType = TraitType.STRING
    repair: bool = False
    vanity: bool = False
    several: Literal["all", "first"] = "all"
    decimal: Literal[".", ","] | None = None
    thousands: str | None = None
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    constant: str | None = None
    steps: TextSteps = NO_STEPS

    @property
    def path(self) -> str:
        """`Group.name`; unique, because a trait name holds no dot. Of a field of a memory, which has no
        group, the name alone."""
        return f"{self.group}.{self.name}" if self.group else self.name

    @property
    def value_column(self) -> str:
        """The column of prepared rows that holds its values."""
        return f"{VALUE_PREFIX}{self.path}"

    @property
    def place_column(self) -> str | None:
        """The column of prepared rows that says which of several columns a value comes from; else None."""
        return f"{PLACE_PREFIX}{self.path}" if len(self.columns) > 1 else None

    @property
    def code_column(self) -> str:
        """The column of prepared rows that says what was changed in its values, or why there is none."""
        return f"{CODE_PREFIX}{self.path}"


@dataclass(frozen=True, kw_only=True)
class IdentifierPlan:
    """A trait, by its path, whose value the store promotes to an identifier."""

    trait: str
    id_type: str
    normalization: Normalization


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a cell must be for its row to be let through: one of some texts, none of others; `""` is a blank
    cell, None no condition."""

    column: str
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MomentPlan:
    """A column of points in time; `formats` and `timezone` as in `TraitPlan`."""

    column: str
    formats: tuple[str, ...] = ()
    timezone: str | None = None

    @property
    def field(self) -> TraitPlan:
        """When a row was last changed, read as traits are."""
        return TraitPlan(
            group="",
            name="latest",
            columns=(self.column,),
            type=TraitType.DATETIME,
            formats=self.formats,
            timezone=self.timezone,
        )


@dataclass(frozen=True, kw_only=True)
class ProfilePlan:
    """All that a profile is made of; the regions, `region_default` in ISO alpha-2, serve national numbers.

    A row that does not meet every condition of `where` is left out. `latest` says which row of a person wins;
    without it, and where it says the same of two rows, the later row. `names`: the paths of the traits whose
    values make up the name that tells people apart.
    """

    traits: tuple[TraitPlan, ...]
    identifiers: tuple[IdentifierPlan, ...]
    region_column: str | None = None
    region_default: str | None = None
    where: tuple[Condition, ...] = ()
    latest: MomentPlan | None = None
    names: tuple[str, ...] = ()

    @cached_property
    def identifier_columns(self) -> dict[str, IdentifierPlan]:
        """The identifier column of each promoted trait, in plan order.

        It is `_identifier.<id_type>` for the first trait of a type and `_identifier.<id_type>.2`, `.3`, … for
        further ones: two values of one row that count as the same type. No type of the API holds a dot.
        """
        columns: dict[str, IdentifierPlan] = {}
        for identifier in self.identifiers:
            earlier = sum(other.id_type == identifier.id_type for other in columns.values())
            columns[f"{ID_PREFIX}{identifier.id_type}" + (f".{earlier + 1}" if earlier else "")] = identifier
        return columns

    @cached_property
    def identifying(self) -> "ProfilePlan":
        """The same with no other traits than those that identifiers are read from."""
        promoted = {identifier.trait for identifier in self.identifiers}
        return replace(self, traits=tuple(trait for trait in self.traits if trait.path in promoted))

    @cached_property
    def groups(self) -> dict[str, tuple[TraitPlan, ...]]:
        """The traits of each trait group, both in plan order."""
        names = dict.fromkeys(trait.group for trait in self.traits)
        return {name: tuple(trait for trait in self.traits if trait.group == name) for name in names}

    def trait(self, path: str) -> TraitPlan:
        """The trait of that path; KeyError if there is none."""
        return self._traits_by_path[path]

    @cached_property
    def _traits_by_path(self) -> dict[str, TraitPlan]:
        return {trait.path: trait for trait in self.traits}


@dataclass(frozen=True, kw_only=True)
class MemoryPlan:
    """All that an observation or a conversation summary is made of.

    `kind` is the name of the load. Whose memory it is, the identifiers of `reference` say, in plan order, or
    `profile_id`, the column that holds the profile's own id; one of the two is None. `formats` and `timezone`
    are those of the time, as in `TraitPlan`. `source` is what the API calls so, the same for every row.
    `conversations` is the column of one conversation id, or of several with a `separator` between them.
    """

    kind: Literal["observations", "summaries"]
    reference: ProfilePlan | None
    profile_id: str | None
    content: str
    too_long: Literal["reject", "split"]
    occurred_at: str
    formats: tuple[str, ...]
    timezone: str | None
    source: str | None
    conversations: str | None
    separator: str | None

    @property
    def reference_columns(self) -> tuple[str, ...]:
        """The columns of prepared rows that say whose memory it is, in the order in which they are tried."""
        return (PROFILE_ID,) if self.reference is None else tuple(self.reference.identifier_columns)

    @property
    def is_summary(self) -> bool:
        """Whether a row is a summary, which has exactly one conversation."""
        return self.kind == "summaries"

    @cached_property
    def fields(self) -> dict[str, TraitPlan]:
        """What is read of a row, as traits are, by its place in the load's part of the spec."""
        ids = () if self.profile_id is None else (self.profile_id,)
        conversations = "conversation_id" if self.is_summary else "conversation_ids"
        listed = [
            *(self.reference.traits if self.reference else ()),
            *(TraitPlan(group="profile", name="id", columns=(column,)) for column in ids),
            TraitPlan(group="", name="content", columns=(self.content,)),
            TraitPlan(
                group="",
                name="occurred_at",
                columns=(self.occurred_at,),
                type=TraitType.DATETIME,
                formats=self.formats,
                timezone=self.timezone,
            ),
        ]
        if self.conversations is not None:
            listed.append(
                TraitPlan(
                    group="",
                    name=conversations,
                    columns=(self.conversations,),
                    type=TraitType.ARRAY,
                    separator=self.separator,
                )
            )
        return {field.path: field for field in listed}
