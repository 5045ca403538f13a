"""What a spec does to a cell before it is read as its type: take off, take out, look up, take a part."""

import polars as pl

from memory_import.columns import FILE
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import NO_CODE, judge_distinct
from memory_import.transforms.plan import NO_STEPS, TextSteps, TraitPlan
from memory_import.transforms.values.text import clean_texts

FILE_NAME = "${file}"
"""In a constant: the name of the file that a row was read from."""

_given, _text, _reason, _change = (pl.col(name) for name in ("given", "value", "reason", "change"))


def write_constant(rows: pl.DataFrame, constant: str) -> pl.Series:
    """A constant in every row."""
    pieces = constant.split(FILE_NAME)
    file = pl.col(FILE).str.replace(r"^.*[/\\\\]", "")
    parts = [pl.lit(pieces[0]), *(part for piece in pieces[1:] for part in (file, pl.lit(piece)))]
    return rows.select(pl.repeat("", pl.len()) + pl.concat_str(parts)).to_series()


def take_steps(texts: pl.Series, plan: TraitPlan) -> pl.DataFrame:
    """The texts after the steps of a trait, as judgements: `value` is what is to be read."""
    if plan.steps == NO_STEPS:
        return pl.DataFrame({"value": texts}).with_columns(reason=NO_CODE, change=NO_CODE)
    return judge_distinct(texts, lambda distinct: _take(distinct, plan.steps))


def _take(texts: pl.Series, steps: TextSteps) -> pl.DataFrame:
    given = clean_texts(texts)
    read = pl.DataFrame({"given": given, "value": given}).with_columns(reason=NO_CODE, change=NO_CODE)
    if steps.strip is not None:
        read = _replace(read, _text.str.strip_chars(steps.strip + " "), Change.TEXT_TRIMMED)
    if steps.pattern is not None:
        read = _replace(read, _text.str.extract(steps.pattern), Change.PART_TAKEN, Reason.PATTERN_NOT_FOUND)
    if steps.mapped:
        default = pl.lit(steps.otherwise, pl.String)
        listed = _text.replace_strict(dict(steps.mapped), default=default, return_dtype=pl.String)
        mapped = pl.when(_text.is_not_null()).then(listed)
        read = _replace(read, mapped, Change.VALUE_MAPPED, Reason.NOT_IN_MAP)
    if steps.name is not None:
        read = _replace(read, _take_name(steps.name), Change.PART_TAKEN)
    if steps.case is not None:
        cased = {"lower": _text.str.to_lowercase(), "upper": _text.str.to_uppercase()}
        read = _replace(read, cased.get(steps.case, _text.str.to_titlecase()), Change.CASE_CHANGED)
    return read.drop("given")


def _replace(
    read: pl.DataFrame, text: pl.Expr, change: Change, refusal: Reason | None = None
) -> pl.DataFrame:
    """One step: the new text; the change where it differs; the refusal, if any, where there is none."""
    stepped = read.with_columns(text.alias("new"))
    refused = pl.lit(refusal.value if refusal else None, pl.String)
    return stepped.select(
        "given",
        pl.col("new").alias("value"),
        pl.when(_text.is_not_null() & pl.col("new").is_null())
        .then(refused)
        .otherwise(_reason)
        .alias("reason"),
        pl.when(pl.col("new") != _text).then(pl.lit(change.value)).otherwise(_change).alias("change"),
    )


def _take_name(part: str) -> pl.Expr:
    """`First Rest of it` or `Rest of it, First`; a single word is a first name."""
    surname, first = _text.str.extract(r"^([^,]+),"), _text.str.extract(r"^[^,]+,\s*(.+)$")
    if part == "first":
        return pl.coalesce(first, pl.when(surname.is_null()).then(_text.str.extract(r"^(\S+)")))
    return pl.coalesce(surname.str.strip_chars(), _text.str.extract(r"^\S+\s+(.+)$"))


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern, or None: it must be a regular expression with one group."""
    try:
        groups = pl.Series([""]).str.extract_groups(pattern).struct.fields
    except pl.exceptions.PolarsError:
        return f"the pattern {pattern!r} is no regular expression"
    return None if len(groups) == 1 else f"the pattern {pattern!r} has {len(groups)} groups; expected one"
