"""A profile's JSON text, put together and taken apart in columns.

    {"traits":{"Contact":{"phone":"+14155550100"},"Account":{"visits":3}}}

Groups and traits stand in plan order, without spaces; what is absent is left out. A *fragment* is one trait
with the comma before it, `,"phone":"+14155550100"`, or null; a frame of fragments has a column for each
trait, named by its path. Fragments survive folding untouched, so that a value is encoded once.
"""

import polars as pl

from transforms.numerals import write_numbers
from transforms.plan import ProfilePlan, TraitPlan, TraitType

ESCAPED = frozenset({TraitType.STRING, TraitType.EMAIL})
QUOTED = frozenset({TraitType.PHONE, TraitType.DATE, TraitType.DATETIME})

JSON_DTYPES = {TraitType.INTEGER: pl.Int64, TraitType.NUMBER: pl.Float64, TraitType.BOOLEAN: pl.Boolean}


def write_fragment(trait: TraitPlan, values: pl.Expr) -> pl.Expr:
    """The fragments of one trait, from its values as verdicts give them."""
    if trait.type in ESCAPED:
        return "," + encode_field(trait.name, values)
    quote = '"' if trait.type in QUOTED else ""
    return f',"{trait.name}":{quote}' + values + quote


def encode_field(name: str, values: pl.Expr) -> pl.Expr:
    """`"name":"text"` with the text escaped, or a list of such; null where the value is null."""
    encoded = pl.struct(values.alias(name)).struct.json_encode()
    return pl.when(values.is_not_null()).then(encoded.str.slice(1).str.head(-1))


def encode_value(values: pl.Expr) -> pl.Expr:
    """The texts or lists as JSON; null where the value is null."""
    return encode_field("", values).str.slice(3)


def join_payloads(plan: ProfilePlan) -> pl.Expr:
    """The payload of each row of a frame of fragments; null where every fragment is null."""
    groups = [
        f',"{group}":{{' + _join([t.path for t in traits]) + "}" for group, traits in plan.groups.items()
    ]
    return '{"traits":{' + _join(groups) + "}}"


def split_payloads(payloads: pl.Series, plan: ProfilePlan) -> pl.DataFrame:
    """The fragments of payloads that `join_payloads` made with the same plan; none of them is null."""
    fields = {
        group: pl.Struct({t.name: _json_dtype(t) for t in traits}) for group, traits in plan.groups.items()
    }
    groups = (
        payloads.str.json_decode(pl.Struct({"traits": pl.Struct(fields)}))
        .struct.field("traits")
        .struct.unnest()
    )
    return groups.select(
        write_fragment(trait, _value_text(trait, pl.col(trait.group).struct.field(trait.name))).alias(
            trait.path
        )
        for trait in plan.traits
    )


def _join(fragments: list[str] | list[pl.Expr]) -> pl.Expr:
    """Fragments side by side without the first comma; null where all are null."""
    joined = pl.concat_str(fragments, ignore_nulls=True)
    return pl.when(joined != "").then(joined.str.slice(1))


def _json_dtype(trait: TraitPlan) -> pl.DataType | type[pl.DataType]:
    if trait.type == TraitType.ARRAY:
        return pl.List(JSON_DTYPES.get(trait.items, pl.String))
    return JSON_DTYPES.get(trait.type, pl.String)


def _value_text(trait: TraitPlan, values: pl.Expr) -> pl.Expr:
    """Values read from JSON, as the text they were written from."""
    if trait.type == TraitType.ARRAY:
        return encode_value(values)
    return write_numbers(values) if trait.type == TraitType.NUMBER else values.cast(pl.String)
