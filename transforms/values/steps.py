"""What a spec does to a cell before it is read as its type: take off, take out, look up, take a part."""

import polars as pl

from memory_import.columns import FILE
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import NO_CODE, judge_distinct
from memory_import.transforms.plan import NO_STEPS, TextSteps, TraitPlan
from memory_import.transforms.values.text import clean_texts

FILE_NAME = "${file}"
"""In a constant: the name of the file that a row was read from."""

_S_OF_GENITIVE = r"(\pL['’])S\b"
_TITLE = r"^(?i:(?:mr|mrs|ms|miss|mx|dr|prof|rev|herr|frau|mme|mlle)\b\.?\s+)+"
_DEGREE = (
    r"(\S[\s,]+\S+?)(?:,\s*(?:(?i:jr|sr|esq)\.?|II|III|IV|[Pp][Hh]\.?\s?[Dd]\.?|M\.?D\.?|MBA|CPA|RN|DDS"
    r"|M\.?Sc\.?))+$"
)
"""Behind two words at least: `Rahman, MD` is a surname and a first name."""

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
        replacements = {text.strip(): value for text, value in steps.mapped.items()}
        listed = _text.replace_strict(replacements, default=default, return_dtype=pl.String)
        mapped = pl.when(_text.is_not_null()).then(listed)
        read = _replace(read, mapped, Change.VALUE_MAPPED, Reason.NOT_IN_MAP)
    if steps.name is not None:
        read = _replace(read, _take_name(steps.name), Change.PART_TAKEN)
    if steps.case is not None:
        title = _text.str.to_titlecase().str.replace_all(_S_OF_GENITIVE, "${1}s")
        cased = {"lower": _text.str.to_lowercase(), "upper": _text.str.to_uppercase(), "title": title}
        read = _replace(read, cased[steps.case], Change.CASE_CHANGED)
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
    """`First Rest of it` or `Rest of it, First`, without a title before it and a degree behind it.

    A single word is a first name, behind a title the rest.
    """
    bare = _text.str.replace(_DEGREE, "$1")
    full = bare.str.replace(_TITLE, "")
    before, after = full.str.extract(r"^([^,]*),"), full.str.extract(r"^[^,]*,\s*(.+)$")
    has_comma, has_title = before.is_not_null(), full != bare
    word, rest = full.str.extract(r"^(\S+)"), full.str.extract(r"^\S+\s+(.+)$")
    is_surname = has_title & rest.is_null()
    if part == "first":
        return pl.when(has_comma).then(after.str.replace(_TITLE, "")).when(~is_surname).then(word)
    surname = before.str.strip_chars()
    return (
        pl.when(has_comma & (surname != ""))
        .then(surname)
        .when(~has_comma)
        .then(pl.when(is_surname).then(word).otherwise(rest))
    )


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern, or None: it must be a regular expression with one group."""
    try:
        groups = pl.Series([""]).str.extract_groups(pattern).struct.fields
    except pl.exceptions.PolarsError:
        return f"the pattern {pattern!r} is no regular expression"
    return None if len(groups) == 1 else f"the pattern {pattern!r} has {len(groups)} groups; expected one"
