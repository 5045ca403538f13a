"""What a spec says of one trait: where it comes from, what is done to its texts, what they have to be."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from memory_import.transforms.plan import TextSteps, TraitPlan, TraitType

REPAIR = (
    "For phones: restore the plus or the zero that a spreadsheet took, where only one number comes of it."
)

FORMAT = (
    "strftime codes (`%Y` is four digits; `%y` below 70 is 20..), or `excel`, `excel_1904`, `epoch_s`, "
    "`epoch_ms`; of a list the first that reads a text counts. ISO 8601 when left out."
)


THOUSANDS = (
    "Left out: what the decimal sign leaves. A space stands for all that look like one; without `decimal`, a "
    "point makes the comma the decimal sign."
)


def _as_texts(value: Any) -> Any:
    """A bare text stands for a list of it."""
    return (value,) if isinstance(value, str) else value


def as_cells(value: Any) -> Any:
    """Texts of cells, of which one may stand alone: `true` is `"true"`, 7 is `"7"`, nothing is a blank
    cell, a date is ISO 8601. 1.0 is `"1.0"` and `"1"`, which is how a column of numbers may have it."""
    listed = value if isinstance(value, list | tuple) else (value,)
    whole = [int(item) for item in listed if isinstance(item, float) and item.is_integer()]
    return tuple(_as_cell(item) for item in (*listed, *whole))


def _as_cell(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case str():
            return value.strip()
        case _:
            return value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_texts, json_schema_input_type=str | tuple[str, ...])]


def expand(key: str, model: Any) -> BeforeValidator:
    """A bare string stands for a `model` with that string under `key`."""
    return BeforeValidator(
        lambda value: {key: value} if isinstance(value, str) else value, json_schema_input_type=str | model
    )


class SpecModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class TraitSpec(SpecModel):
    """One trait: the column it comes from and what it has to be."""

    column: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="A list takes the first column that holds a valid value. Either this or `value`.",
    )
    value: str | None = Field(
        default=None, description="A constant in place of a column; `${file}` is the name of the row's file."
    )
    type: TraitType = Field(default=TraitType.STRING, description="What the texts have to be.")
    on_invalid: Literal["drop", "reject"] = Field(
        default="drop", description="What goes when a text is not of the type: the value, or the whole row."
    )
    format: Texts = Field(default=(), description=FORMAT)
    timezone: str | None = Field(default=None, description="For times that state no offset.")
    separator: str | None = Field(
        default=None, min_length=1, description="Between the items of an array, several phones or emails."
    )
    several: Literal["all", "first"] = Field(
        default="all", description="Of several valid values of a row all are identifiers, or the first alone."
    )
    repair: bool = Field(default=False, strict=True, description=REPAIR)
    vanity: bool = Field(default=False, strict=True, description="For phones: letters stand for digits.")
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The decimal sign; thousands may then be separated."
    )
    thousands: str | None = Field(default=None, min_length=1, max_length=1, description=THOUSANDS)
    true: Texts = Field(default=(), description="Further texts that mean true.")
    false: Texts = Field(default=(), description="Further texts that mean false.")
    strip: str | None = Field(
        default=None, min_length=1, description="Characters to take off both ends of a text."
    )
    pattern: str | None = Field(
        default=None, description="A regular expression with one group, which is taken."
    )
    map: dict[str, str] = Field(default_factory=dict, description="What texts are replaced by.")
    otherwise: str | None = Field(
        default=None, alias="else", description="For what `map` does not have; left out: dropped."
    )
    name: Literal["first", "last"] | None = Field(
        default=None,
        description="The first name of a full name, or the rest, without titles; also of `Surname, First`.",
    )
    case: Literal["lower", "upper", "title"] | None = Field(
        default=None, description="How letters are written."
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> "TraitSpec":
        if (self.column is None) == (self.value is None):
            raise PydanticCustomError("column_or_value", "either a column or a value")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, in the order in which they are tried."""
        if self.column is None:
            return ()
        return (self.column,) if isinstance(self.column, str) else self.column

    def plan(self, group: str, name: str) -> TraitPlan:
        """What the preparation of rows goes by."""
        return TraitPlan(
            group=group,
            name=name,
            columns=self.columns,
            type=self.type,
            on_invalid=self.on_invalid,
            formats=self.format,
            timezone=self.timezone,
            separator=self.separator,
            repair=self.repair,
            vanity=self.vanity,
            several=self.several,
            decimal=self.decimal,
            thousands=self.thousands,
            true=self.true,
            false=self.false,
            constant=self.value,
            steps=TextSteps(
                strip=self.strip,
                pattern=self.pattern,
                mapped=self.map,
                otherwise=self.otherwise,
                name=self.name,
                case=self.case,
            ),
        )
