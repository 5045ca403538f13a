"""What to write into a spec so that it reads values which were refused: candidates are tried, those that fit
are named."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import polars as pl

from memory_import.transforms.limits import (
    ARRAY_ITEMS,
    CONTENT_CHARACTERS,
    CONVERSATION_ID,
    PROFILE_ID,
    STRING_CHARACTERS,
)
from memory_import.transforms.placeholders import is_placeholder
from memory_import.transforms.plan import TraitPlan, TraitType
from memory_import.transforms.values.answers import NO, YES
from memory_import.transforms.values.candidates import (
    Candidate,
    Mend,
    list_candidates,
    quote_format,
    simplest,
)
from memory_import.transforms.values.times import ISO_DATE
from memory_import.transforms.values.traits import judge_trait

_LEAST_SHARE = 0.9
"""The share of the refused values that a candidate has to read."""

_MOST_WORDS = 4
_LONGEST_WORD = 20
_FEWEST_REPEATS = 3
_ZEROS = r"^[0.,:/ -]+$"
_ENCODINGS = (
    *("utf-8", "windows-1252", "windows-1250", "windows-1251", "iso-8859-15", "mac-roman", "cp850", "cp437"),
)

_EXPECTED = {
    TraitType.STRING: f"a text of at most {STRING_CHARACTERS:,} characters",
    TraitType.INTEGER: "a whole number such as 12",
    TraitType.NUMBER: "a number such as 1234.5",
    TraitType.BOOLEAN: "true or false",
    TraitType.DATE: "a date such as 2024-05-31",
    TraitType.DATETIME: "a time such as 2024-05-31T23:15:00Z",
    TraitType.ARRAY: f"a list of at most {ARRAY_ITEMS} items",
    TraitType.PHONE: "a phone number of a known country",
    TraitType.EMAIL: "an email address",
}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """How texts that were refused were read: the `encoding` of their CSV file, None of Parquet; the `region`
    of phones without a country (ISO alpha-2); and `others`, texts of their column (String, not null) that
    have a value."""

    encoding: str | None = None
    region: str | None = None
    others: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))


_ONE_ID = CONVERSATION_ID.strip("^$")
_SHAPES = {
    "profile.id": PROFILE_ID,
    "conversation_id": rf'^\["{_ONE_ID}"\]$',
    "conversation_ids": rf'^\["{_ONE_ID}"(?:,"{_ONE_ID}")*\]$',
}
"""What a field of a memory has to look like once it is read, by its path."""

_EXPECTED_OF_FIELDS = {
    "content": f"a text of at most {CONTENT_CHARACTERS:,} characters",
    "profile.id": "the id of a profile (mem_profile_…)",
    "conversation_id": "the id of a conversation (conv_conversation_…)",
    "conversation_ids": "ids of conversations (conv_conversation_…)",
}


def describe_expected(trait: TraitPlan) -> str:
    """What a cell of the trait, or of the field of a memory, should hold."""
    if trait.steps.mapped:
        return "one of the texts that its map has"
    if trait.steps.pattern is not None:
        kind = "something" if trait.type == TraitType.STRING else _EXPECTED[trait.type]
        return f"a text in which its pattern finds {kind}"
    return _EXPECTED_OF_FIELDS.get(trait.path, _EXPECTED[trait.type])


def find_mends(refused: pl.Series, trait: TraitPlan, around: Circumstances) -> list[Mend]:
    """What to write into the spec so that it reads (nearly) all of the refused texts (String, not null);
    several where the texts fit several, none where nothing fits.

    Where no option of the trait does, options of its source are tried: `null_values` for texts that stand
    for nothing, and another `encoding`.
    """
    least = max(1, _LEAST_SHARE * len(refused))
    if trait.path == "content" and (refused.str.len_chars() > CONTENT_CHARACTERS).sum() >= least:
        return [Mend(line="too_long: split")]
    for given, texts in _variants(refused, trait, around):
        nothing = len(refused) - len(texts)
        fitting: list[tuple[pl.Series, Candidate]] = []
        if given and nothing + _count_read(texts, trait, around.region) >= least:
            return [Mend(source_line=given)]
        for candidate in list_candidates(texts, trait):
            read = _read(texts, candidate.trait, candidate.region or around.region)
            is_other = candidate.region or not any(read.equals(values) for values, _ in fitting)
            if read.count() > 0 and nothing + read.count() >= least and is_other:
                fitting.append((read, candidate))
        most = max((values.count() for values, _ in fitting), default=0)
        if fitting:
            best = [candidate for values, candidate in fitting if values.count() == most]
            mends = [_keep_others(candidate, trait, around) for candidate in simplest(best, texts)]
            return [replace(mend, source_line=given) for mend in mends]
    return []


def _keep_others(candidate: Candidate, trait: TraitPlan, around: Circumstances) -> Mend:
    """The mend; of a format one beside those that the trait has, where it does not read the other texts."""
    mend, formats = candidate.mend, candidate.trait.formats
    known = trait.formats or ((ISO_DATE,) if trait.type == TraitType.DATE else ())
    if formats == trait.formats or not known or around.others.is_empty():
        return mend
    if _count_read(around.others, candidate.trait, None) >= _LEAST_SHARE * len(around.others):
        return mend
    listed = ", ".join(map(quote_format, (*known, *formats)))
    single = f"format: {quote_format(formats[0])}"
    return replace(mend, line=mend.line.replace(single, f"format: [{listed}]"))


def _variants(refused: pl.Series, trait: TraitPlan, around: Circumstances) -> Iterator[tuple[str, pl.Series]]:
    """An option of the source ("": none), and what of the texts it leaves to be read."""
    yield "", refused
    words = _find_words_for_nothing(refused, around)
    if trait.type == TraitType.BOOLEAN:
        words = [word for word in words if word.lower() not in YES | NO]
    if words:
        listed = json.dumps(["", *words], ensure_ascii=False)
        yield f"null_values: {listed}", refused.filter(~refused.str.strip_chars().is_in(words))
    if around.encoding in {None, "utf-8"} or refused.str.contains(r"^[\x00-\x7f]*$").all():
        return
    for encoding in _ENCODINGS:
        try:
            texts = [text.encode(around.encoding).decode(encoding) for text in refused]
        except UnicodeError:
            continue
        if texts != refused.to_list():
            yield f"encoding: {encoding}", pl.Series(texts, dtype=pl.String)


def _find_words_for_nothing(refused: pl.Series, around: Circumstances) -> list[str]:
    """The few texts without figures that come again and again among others, which do not."""
    text = pl.col("text")
    counted = refused.str.strip_chars().alias("text").value_counts(name="count").sort("count", "text")
    is_nothing = is_placeholder(text) | text.str.contains(_ZEROS)
    is_word = (pl.col("count") >= _FEWEST_REPEATS) & ~text.str.contains("[1-9@]")
    words = counted.filter(
        (is_nothing | (is_word & (not around.others.is_empty()))) & (text.str.len_chars() <= _LONGEST_WORD)
    )
    return words["text"].to_list() if words.height <= _MOST_WORDS else []


def has_decimal_comma(refused: pl.Series, trait: TraitPlan) -> pl.Series:
    """Whether each text (String) that a number trait refused is one with a decimal comma, and nothing else
    (Boolean)."""
    texts = refused.alias(trait.columns[0]).to_frame()
    comma, point = (
        judge_trait(
            texts, replace(trait, columns=(texts.columns[0],), decimal=mark), refused.clear(len(refused))
        )
        for mark in (",", ".")
    )
    has_comma = refused.str.contains(",", literal=True).fill_null(value=False)
    return has_comma & comma.values.is_not_null() & point.values.is_null()


def describe_text(text: str) -> str:
    """The shape of a text, which tells how it is written and no more: `31.12.2024` is `99.99.9999`."""
    shape = "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in text[:40])
    return shape if len(text) <= 40 else f"{shape}…"


def _count_read(refused: pl.Series, trait: TraitPlan, region: str | None) -> int:
    return _read(refused, trait, region).count()


def _read(refused: pl.Series, trait: TraitPlan, region: str | None) -> pl.Series:
    """What the trait reads in the texts; null where nothing, or nothing of the shape that it has to be."""
    column = trait.columns[0]
    regions = pl.repeat(region, len(refused), dtype=pl.String, eager=True)
    alone = replace(trait, columns=(column,))
    values = judge_trait(refused.alias(column).to_frame(), alone, regions).values
    return values.set(~values.str.contains(_SHAPES.get(trait.path, "")), None)
