"""A profile's JSON text, put together in columns.

    {"traits":{"Contact":{"phone":"+14155550100"},"Account":{"visits":3}}}

Groups and traits stand in plan order, without spaces; what is absent is left out. A frame of *values* has a
column of text for each trait, named by its path: the values as judgements give them, null where absent.
"""

from dataclasses import dataclass

import polars as pl

from transforms.plan import ProfilePlan, TraitPlan, TraitType

ESCAPED = frozenset({TraitType.STRING, TraitType.EMAIL})
QUOTED = frozenset({TraitType.PHONE, TraitType.DATE, TraitType.DATETIME})
TO_ESCAPE = r'["\\\t\n\r]'
"""What JSON escapes of a text that judgements let pass: they remove all other control characters."""

_Condition = bool | pl.Expr


def write_payloads(values: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """`_payload`, the JSON of each row of values; null where all of them are null.

    A trait without a column is absent everywhere.
    """
    stated = [t for t in plan.traits if t.path in values.columns and not _is_null(values[t.path])]
    to_escape = _find_to_escape(values.select(t.path for t in stated if t.type in ESCAPED))
    groups = [
        _write_object(group, [_write_trait(t, values[t.path], to_escape) for t in stated if t.group == group])
        for group in plan.groups
    ]
    profile = _write_object("", [_write_object("traits", groups)])
    payloads = pl.when(profile.where).then(_concat(profile.pieces))
    return values.with_columns(_payload=payloads)["_payload"]


def encode_json(values: pl.Expr) -> pl.Expr:
    """Texts or lists as JSON; null where they are null."""
    encoded = pl.struct(values.alias("")).struct.json_encode()
    return pl.when(values.is_not_null()).then(encoded.str.slice(len('{"":')).str.head(-len("}")))


def _is_null(values: pl.Series) -> bool:
    return values.null_count() == len(values)


def _find_to_escape(texts: pl.DataFrame) -> set[str]:
    """The names of columns that hold a character which JSON escapes."""
    found = texts.select(pl.all().str.contains(TO_ESCAPE).any())
    return {column.name for column in found if column.item()}


@dataclass(frozen=True)
class _Literal:
    """A text that stands in all rows, in none, or in those of a condition."""

    text: str
    where: _Condition


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A member of a JSON object: its name, the pieces of its value, null in other rows than it is in."""

    name: str
    pieces: list[_Literal | pl.Expr]
    where: _Condition


def _write_trait(trait: TraitPlan, values: pl.Series, to_escape: set[str]) -> _Member:
    value = pl.col(trait.path)
    where = value.is_not_null() if values.null_count() else True
    if trait.path in to_escape:
        return _Member(name=trait.name, pieces=[encode_json(value)], where=where)
    quote = _Literal('"' if trait.type in ESCAPED | QUOTED else "", where)
    return _Member(name=trait.name, pieces=[quote, value, quote], where=where)


def _write_object(name: str, members: list[_Member]) -> _Member:
    """The members between braces, with commas between those that are there; absent if none is there."""
    pieces: list[_Literal | pl.Expr] = []
    earlier: _Condition = False
    for member in members:
        comma = _Literal(",", _both(earlier, member.where))
        pieces += [comma, _Literal(f'"{member.name}":', member.where), *member.pieces]
        earlier = _either(earlier, member.where)
    return _Member(name=name, pieces=[_Literal("{", earlier), *pieces, _Literal("}", earlier)], where=earlier)


def _both(first: _Condition, second: _Condition) -> _Condition:
    if isinstance(first, bool):
        return first and second
    return first if second is True else first & second


def _either(first: _Condition, second: _Condition) -> _Condition:
    if isinstance(first, bool):
        return first or second
    return second if second is True else first | second


def _concat(pieces: list[_Literal | pl.Expr]) -> pl.Expr:
    """The pieces of each row side by side; neighbours that stand in the same rows are written as one."""
    merged: list[_Literal | pl.Expr] = [_Literal("", True)]
    for piece in pieces:
        last = merged[-1]
        if not isinstance(piece, _Literal):
            merged.append(piece)
        elif isinstance(last, _Literal) and piece.where is last.where:
            merged[-1] = _Literal(last.text + piece.text, last.where)
        elif piece.text and piece.where is not False:
            merged.append(piece)
    return pl.concat_str(
        (pl.when(p.where).then(pl.lit(p.text)) if isinstance(p, _Literal) else p for p in merged),
        ignore_nulls=True,
    )
