"""A profile's JSON text, put together in columns.

    {"traits":{"Contact":{"phone":"+14155550100"},"Account":{"visits":3}}}

Groups and traits stand in plan order, without spaces; what is absent is left out. A frame of *values* has a
column of text for each trait, its `value_column`: the values as judgements give them, null where absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from memory_import.columns import BYTES, PAYLOAD
from memory_import.transforms.judgements import code_where
from memory_import.transforms.plan import ProfilePlan, TraitPlan, TraitType

ESCAPED = frozenset({TraitType.STRING, TraitType.EMAIL})
QUOTED = frozenset({TraitType.PHONE, TraitType.DATE, TraitType.DATETIME})
TO_ESCAPE = r'["\\\t\n\r]'
"""What JSON escapes of a text that judgements let pass: they remove all other control characters."""

_Condition = bool | pl.Series


def write_payloads(values: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """`_payload`, the JSON of each row of values; null where all of them are null.

    A trait without a column is absent everywhere.
    """
    stated = _find_stated(values, plan)
    if not stated:
        return pl.Series(PAYLOAD, [None] * len(values), pl.String)
    to_escape = _find_to_escape(values, stated)
    groups = [
        _write_object(
            group, [_write_trait(t, values[t.value_column], to_escape) for t in stated if t.group == group]
        )
        for group in plan.groups
    ]
    profile = _write_object("traits", groups)
    whole = pl.concat_str(pl.lit("{"), *_merge(profile.pieces), pl.lit("}"), ignore_nulls=True)
    return values.select(_payload=pl.when(pl.lit(profile.where)).then(whole))[PAYLOAD]


def measure_payloads(values: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """`_bytes` (Int64), the size in UTF-8 of what `write_payloads` gives for each row; null where that is.

    Nothing is written for it: a size is a sum.
    """
    stated = _find_stated(values, plan)
    if not stated:
        return pl.Series(BYTES, [None] * len(values), pl.Int64)
    to_escape = _find_to_escape(values, stated)
    sizes = [pl.lit(len('{"traits":{}}') - len(","), pl.Int64)]  # a comma is counted after every member
    for group in dict.fromkeys(trait.group for trait in stated):
        of_group = [trait for trait in stated if trait.group == group]
        is_there = pl.any_horizontal(pl.col(trait.value_column).is_not_null() for trait in of_group)
        sizes.append(pl.when(is_there).then(len(f'"{group}":{{}}')))
        sizes += [_measure_trait(trait, to_escape) for trait in of_group]
    is_there = pl.any_horizontal(pl.col(trait.value_column).is_not_null() for trait in stated)
    return values.select(_bytes=pl.when(is_there).then(pl.sum_horizontal(sizes)))[BYTES]


def encode_json(values: pl.Expr) -> pl.Expr:
    """Texts or lists as JSON; null where they are null."""
    encoded = pl.struct(values.alias("")).struct.json_encode()
    return pl.when(values.is_not_null()).then(encoded.str.slice(len('{"":')).str.head(-len("}")))


def _find_stated(values: pl.DataFrame, plan: ProfilePlan) -> list[TraitPlan]:
    """The traits that have a value in some row."""
    there = [trait for trait in plan.traits if trait.value_column in values.columns]
    return [trait for trait in there if values[trait.value_column].null_count() < len(values)]


def _find_to_escape(values: pl.DataFrame, traits: list[TraitPlan]) -> set[str]:
    """The columns that hold a character which JSON escapes: asked once about all of a column."""
    columns = [trait.value_column for trait in traits if trait.type in ESCAPED]
    found = values.select(pl.col(columns).str.join().str.contains(TO_ESCAPE))
    return {column.name for column in found if column.item()}


@dataclass(frozen=True)
class _Literal:
    """A text that stands in all rows, in none, or in those of a condition."""

    text: str
    where: _Condition


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A member of a JSON object: its pieces, from its name on, which are null in rows that it is not in."""

    pieces: list[_Literal | pl.Expr]
    where: _Condition


def _write_trait(trait: TraitPlan, values: pl.Series, to_escape: set[str]) -> _Member:
    value, quote = pl.col(trait.value_column), '"' if trait.type in ESCAPED | QUOTED else ""
    if trait.value_column in to_escape:
        value, quote = encode_json(value), ""
    opening = f'"{trait.name}":{quote}'
    if values.null_count():
        whole = pl.concat_str(pl.lit(opening), value, pl.lit(quote))
        return _Member(pieces=[whole], where=values.is_not_null())
    return _Member(pieces=[_Literal(opening, True), value, _Literal(quote, True)], where=True)


def _measure_trait(trait: TraitPlan, to_escape: set[str]) -> pl.Expr:
    """The size of a member and of the comma after it; null where it is absent."""
    value, quotes = pl.col(trait.value_column), 2 if trait.type in ESCAPED | QUOTED else 0
    size = value.str.len_bytes().cast(pl.Int64) + (len(f'"{trait.name}":,') + quotes)
    if trait.value_column in to_escape:
        size += value.str.count_matches(TO_ESCAPE)  # each gets a backslash
    return size


def _write_object(name: str, members: list[_Member]) -> _Member:
    """The members between braces, with commas between those that are there; absent if none is there."""
    pieces: list[_Literal | pl.Expr] = []
    earlier: _Condition = False
    for member in members:
        pieces += [_Literal(",", _both(earlier, member.where)), *member.pieces]
        earlier = _either(earlier, member.where)
    opening, closing = _Literal(f'"{name}":{{', earlier), _Literal("}", earlier)
    return _Member(pieces=[opening, *pieces, closing], where=earlier)


def _both(first: _Condition, second: _Condition) -> _Condition:
    if isinstance(first, bool):
        return first and second
    return first if second is True else first & second


def _either(first: _Condition, second: _Condition) -> _Condition:
    if isinstance(first, bool):
        return first or second
    return second if second is True else first | second


def _merge(pieces: list[_Literal | pl.Expr]) -> Iterator[pl.Expr]:
    """The pieces; literals that are neighbours and stand in the same rows are one."""
    merged: list[_Literal | pl.Expr] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, _Literal) and (not piece.text or piece.where is False):
            continue
        if isinstance(piece, _Literal) and isinstance(last, _Literal) and piece.where is last.where:
            merged[-1] = _Literal(last.text + piece.text, last.where)
        else:
            merged.append(piece)
    return (code_where(pl.lit(p.where), p.text) if isinstance(p, _Literal) else p for p in merged)
