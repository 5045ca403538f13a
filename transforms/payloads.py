"""A profile's JSON text, put together and taken apart in columns.

    {"traits":{"Contact":{"phone":"+14155550100"},"Account":{"visits":3}}}

Groups and traits stand in plan order, without spaces; what is absent is left out. A *fragment* is one trait with the
comma before it, `,"phone":"+14155550100"`, or null; frames of fragments have a column for each trait, named by
its path. Fragments survive folding untouched, so a value is encoded once.
"""

import json
import re

import polars as pl

from transforms.plan import ProfilePlan, TraitPlan, TraitType

ESCAPED = frozenset({TraitType.STRING, TraitType.EMAIL})
QUOTED = frozenset({TraitType.PHONE, TraitType.DATE, TraitType.DATETIME})

JSON_STRING = r'"(?:[^"\\]|\\.)*"'
JSON_VALUE = rf'(?:{JSON_STRING}|\[(?:{JSON_STRING}|[^"\]])*\]|[^",\[\]{{}}]+)'


def write_fragment(trait: TraitPlan, values: pl.Expr) -> pl.Expr:
    """The fragments of one trait from its values as `judge_trait` gives them."""
    if trait.type in ESCAPED:
        return "," + quote_field(trait.name, values)
    quote = '"' if trait.type in QUOTED else ""
    return pl.format(f',"{trait.name}":{quote}{{}}{quote}', values)


def quote_field(name: str, texts: pl.Expr) -> pl.Expr:
    """`"name":"text"` with the text escaped; null where it is null."""
    encoded = pl.struct(texts.alias(name)).struct.json_encode()
    return pl.when(texts.is_not_null()).then(encoded.str.slice(1).str.head(-1))


def quote_text(texts: pl.Expr) -> pl.Expr:
    """The texts as JSON strings; null where they are null."""
    return quote_field("", texts).str.slice(3)


def join_payloads(plan: ProfilePlan) -> pl.Expr:
    """The payload of each row of a frame of fragments; null where every fragment is null."""
    groups = [_join_group(name, traits) for name, traits in plan.groups.items()]
    return pl.format('{"traits":{{}}}'.replace("{{}}", "{}"), _join(groups))


def split_payloads(payloads: pl.Series, plan: ProfilePlan) -> pl.DataFrame:
    """The fragments of payloads that were made by `join_payloads` with the same plan."""
    paths = [trait.path for traits in plan.groups.values() for trait in traits]
    fragments = payloads.str.extract_groups(_payload_pattern(plan)).struct.rename_fields(paths).struct.unnest()
    return fragments.select("," + pl.all())
