"""What a spec says of rows: which are let through, their country, their times, their conversations."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from memory_import.spec.traits import FORMAT, SpecModel, Texts, as_cells

_CELLS = BeforeValidator(as_cells, json_schema_input_type=str | tuple[str, ...])


class RegionSpec(SpecModel):
    """Which country's national phone numbers a row holds."""

    column: str | None = Field(default=None, description="The column of the row's country.")
    default: str | None = Field(default=None, description="For blank countries: name, ISO-2 or ISO-3.")


class ConditionSpec(SpecModel):
    """What a cell must be for its row to be let through; texts are compared without whitespace around them,
    an empty one is a blank cell."""

    one_of: Annotated[tuple[str, ...] | None, _CELLS] = Field(
        default=None, alias="is", description="One of these; a bare list says it."
    )
    none_of: Annotated[tuple[str, ...], _CELLS] = Field(default=(), alias="not", description="None of these.")

    @model_serializer(mode="wrap")
    def _without_nothing(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Read again, an `is` of nothing would be a blank cell."""
        written = serialize(self)
        return written if self.one_of is not None else {"not": written["not"]}


def _as_condition(value: Any) -> Any:
    """Bare texts stand for `is`."""
    return value if isinstance(value, dict) else {"is": value}


Where = dict[
    str,
    Annotated[
        ConditionSpec,
        BeforeValidator(_as_condition, json_schema_input_type=str | tuple[str, ...] | ConditionSpec),
    ],
]


class MomentSpec(SpecModel):
    """When something happened."""

    column: str = Field(description="The column of the times.")
    format: Texts = Field(default=(), description=FORMAT)
    timezone: str | None = Field(default=None, description="For times that state no offset.")


class ConversationsSpec(SpecModel):
    """The conversations that something belongs to."""

    column: str = Field(description="The column of their ids.")
    separator: str | None = Field(
        default=None, min_length=1, description="Between several ids in a cell. Left out: a cell is one id."
    )
