"""All that was said of a row in codes, as one text: it can be said again without preparing the row.

    2:phone_reformatted:0:1;        the value of the third trait, from the first of its columns, was changed
    2:phone_too_short:0:0;          it was dropped
    other:2:5:phone_too_short;      what the sixth column of the spec states beside the value was dropped

Traits are numbered in the order of the plan; columns, too, each once.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from memory_import.columns import CODE, COLUMN, ID_TYPE, ROW, ROW_CODES, TRAIT, VALUE
from memory_import.transforms.codes import DROPPED
from memory_import.transforms.plan import ProfilePlan, TraitPlan
from memory_import.transforms.prepare import CODES, Prepared, no_others

_OTHER = "other"


def write_codes(prepared: Prepared, plan: ProfilePlan) -> pl.Series:
    """The codes (String) of each row of a frame as `prepare_profiles` gives it; null where there are none."""
    frame = prepared.frame
    pieces = [
        _write_own(number, trait)
        for number, trait in enumerate(plan.traits)
        if frame[trait.code_column].count()
    ]
    others = _write_others(prepared.others, plan)
    rows = frame.join(others, on=ROW, how="left", maintain_order="left")
    text = pl.concat_str([*pieces, ROW_CODES], ignore_nulls=True)
    return rows.select(pl.when(text != "").then(text).alias(ROW_CODES)).to_series()


def _write_own(number: int, trait: TraitPlan) -> pl.Expr:
    """What was said of a trait's value: there are so few such texts that all of them are written first."""
    places = ["", *map(str, range(len(trait.columns)))] if trait.place_column else [""]
    texts = [
        f"{number}:{code}:{place}:{has_value};"
        for code in CODES.categories
        for place in places
        for has_value in (0, 1)
    ]
    at = pl.col(trait.code_column).to_physical().cast(pl.UInt32) * len(places)
    if trait.place_column:
        at += (pl.col(trait.place_column).cast(pl.UInt32) + 1).fill_null(0)
    has_value = pl.col(trait.value_column).is_not_null().cast(pl.UInt32)
    return pl.lit(pl.Series(texts)).gather(at * 2 + has_value)


def _write_others(others: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """`_row`, and in `_row_codes` all that was said of what it states beside its values and was dropped."""
    traits = {trait.path: str(number) for number, trait in enumerate(plan.traits)}
    columns = {column: str(number) for number, column in enumerate(_list_columns(plan))}
    said = others.filter(pl.col(VALUE).is_null()).select(
        ROW,
        pl.format(
            _OTHER + ":{}:{}:{};",
            pl.col(TRAIT).replace_strict(traits, return_dtype=pl.String),
            pl.col(COLUMN).replace_strict(columns, default="", return_dtype=pl.String),
            CODE,
        ).alias(ROW_CODES),
    )
    is_alone = said[ROW].is_unique()
    several = said.filter(~is_alone).group_by(ROW, maintain_order=True).agg(pl.col(ROW_CODES).str.join(""))
    return pl.concat([said.filter(is_alone), several])


def _list_columns(plan: ProfilePlan) -> list[str]:
    return list(dict.fromkeys(column for trait in plan.traits for column in trait.columns))


@dataclass
class _Said:
    """What texts say of one trait: the code and the place of its value, and whether it has none."""

    codes: dict[str, str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def read_codes(rows: pl.DataFrame, plan: ProfilePlan) -> Prepared:
    """Rows with `_row_codes` and what they state in place of values, if anything, as `prepare_profiles` would
    judge them: with codes and places, without the values that are dropped."""
    counted = rows[ROW_CODES].drop_nulls().value_counts(name="count")
    said: dict[int, _Said] = {}
    others: list[tuple[str, str, str, str]] = []
    changes: Counter[str] = Counter()
    columns = _list_columns(plan)
    for text, count in counted.iter_rows():
        for piece in text.removesuffix(";").split(";"):
            first, *rest = piece.split(":")
            if first == _OTHER:
                number, column, code = rest
                path = plan.traits[int(number)].path
                others.append((text, path, columns[int(column)] if column else "", code))
                changes[DROPPED + code] += count
            else:
                code, place, has_value = rest
                _note(said.setdefault(int(first), _Said()), text, code, place, has_value == "1")
                changes[code if has_value == "1" else DROPPED + code] += count
    frame = rows.with_columns(
        expression
        for number, of_trait in said.items()
        for expression in _say(plan.traits[number], of_trait, rows.columns)
    )
    return Prepared(frame=frame, others=_list_others(rows, others), changes=dict(changes))


def _note(said: _Said, text: str, code: str, place: str, has_value: bool) -> None:
    said.codes[text] = code
    if place:
        said.places[text] = int(place)
    if not has_value:
        said.dropped.append(text)


def _say(trait: TraitPlan, said: _Said, columns: Collection[str]) -> list[pl.Expr]:
    text = pl.col(ROW_CODES)
    expressions = [
        text.replace_strict(said.codes, default=None, return_dtype=pl.String)
        .cast(CODES)
        .alias(trait.code_column)
    ]
    if trait.value_column in columns:
        is_dropped = text.is_in(said.dropped).fill_null(value=False)
        expressions.append(pl.when(~is_dropped).then(trait.value_column).alias(trait.value_column))
    if trait.place_column and said.places:
        places = text.replace_strict(said.places, default=None, return_dtype=pl.UInt8)
        expressions.append(places.alias(trait.place_column))
    return expressions


def _list_others(rows: pl.DataFrame, others: list[tuple[str, str, str, str]]) -> pl.DataFrame:
    """As `Prepared.others`."""
    listed = pl.DataFrame(
        others, schema=dict.fromkeys((ROW_CODES, TRAIT, COLUMN, CODE), pl.String), orient="row"
    )
    nothing = pl.lit(None, pl.String)
    found = rows.select(ROW, ROW_CODES).join(listed, on=ROW_CODES, maintain_order="left_right")
    return found.with_columns(nothing.alias(VALUE), nothing.alias(ID_TYPE)).select(no_others().columns)
