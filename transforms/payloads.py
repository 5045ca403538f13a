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
TO_ESCAPE = r'["\\\x00-\x1f]'

JSON_DTYPES = {TraitType.INTEGER: pl.Int64, TraitType.NUMBER: pl.Float64, TraitType.BOOLEAN: pl.Boolean}


def write_fragment(trait: TraitPlan, values: pl.Series) -> pl.Series:
    """The fragments of one trait, from its values as judgements give them."""
    if trait.type in ESCAPED and values.str.contains(TO_ESCAPE).any():
        return _surround(",", encode_field(trait.name, values), "").alias(trait.path)
    quote = '"' if trait.type in ESCAPED | QUOTED else ""
    return _surround(f',"{trait.name}":{quote}', values, quote).alias(trait.path)


def encode_field(name: str, values: pl.Series) -> pl.Series:
    """`"name":"text"` with the text escaped, or a list of such; null where the value is null."""
    encoded = values.alias(name).to_frame().to_struct().struct.json_encode()
    return pl.select(pl.when(values.is_not_null()).then(encoded.str.slice(1).str.head(-1))).to_series()


def encode_values(values: pl.Series) -> pl.Series:
    """The texts or lists as JSON; null where the value is null."""
    return encode_field("", values).str.slice(3)


def join_payloads(fragments: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """The payload of each row of a frame of fragments; null where every fragment is null."""
    groups = [
        _surround(f',"{group}":{{', _join(fragments.select(t.path for t in traits)), "}").alias(group)
        for group, traits in plan.groups.items()
    ]
    return _surround('{"traits":{', _join(pl.DataFrame(groups)), "}}").alias("_payload")


def split_payloads(payloads: pl.Series, plan: ProfilePlan) -> pl.DataFrame:
    """The fragments of payloads that `join_payloads` made with the same plan; none of them is null."""
    fields = {
        group: pl.Struct({t.name: _json_dtype(t) for t in traits}) for group, traits in plan.groups.items()
    }
    decoded = payloads.str.json_decode(pl.Struct({"traits": pl.Struct(fields)}))
    groups = decoded.struct.field("traits").struct
    return pl.DataFrame(
        write_fragment(trait, _value_texts(trait, groups.field(trait.group).struct.field(trait.name)))
        for trait in plan.traits
    )


def _surround(before: str, texts: pl.Series, after: str) -> pl.Series:
    """Text around texts; null where they are null."""
    return pl.select(pl.concat_str(pl.lit(before), pl.lit(texts), pl.lit(after))).to_series()


def _join(fragments: pl.DataFrame) -> pl.Series:
    """Fragments side by side without the first comma; null where all are null."""
    joined = fragments.select(joined=pl.concat_str(pl.all(), ignore_nulls=True))
    return joined.select(pl.when(pl.col("joined") != "").then(pl.col("joined").str.slice(1))).to_series()


def _json_dtype(trait: TraitPlan) -> pl.DataType | type[pl.DataType]:
    if trait.type == TraitType.ARRAY:
        return pl.List(JSON_DTYPES.get(trait.items, pl.String))
    return JSON_DTYPES.get(trait.type, pl.String)


def _value_texts(trait: TraitPlan, values: pl.Series) -> pl.Series:
    """Values read from JSON, as the texts they were written from."""
    if trait.type == TraitType.ARRAY:
        return encode_values(values)
    return write_numbers(values) if trait.type == TraitType.NUMBER else values.cast(pl.String)
