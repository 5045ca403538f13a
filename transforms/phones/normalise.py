"""Phone numbers as columns: a sense for what cells hold, and `phonenumbers` as the judge of the numbers.

Cells that hold nothing but one number go straight to the judge. Of the others what stands beside a number is
taken off, several numbers are told apart, and what could be another number than the customer's is refused.
"""

from functools import partial

import polars as pl

from memory_import.transforms.alignment import align_verdicts
from memory_import.transforms.cells import INVISIBLE, Schema, SplitCells, join_chunks, pick_first
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.judgements import NO_CODE
from memory_import.transforms.phones.ambiguity import AMERICAN_REGIONS, bring_up_to_date, refuse_ambiguous
from memory_import.transforms.phones.judgement import judge_phones
from memory_import.transforms.phones.readings import SEPARATOR, settle_readings
from memory_import.transforms.phones.repair import REPAIRS, repair_phones
from memory_import.transforms.phones.undress import LONG_GROUPS, TWO_ZEROS, take_parts

CHUNK_ROWS = 250_000

_VERDICT: Schema = {"e164": pl.String, "code": pl.String}
_DIGITS = r"[ \x{A0}]*\+*[ \x{A0}0-9().\[\]\x{2010}-\x{2015}-]*[0-9][ \x{A0}0-9().\[\]\x{2010}-\x{2015}-]*"
_BARE = f"^{_DIGITS}$"
_EXTENSION_AT_END = r" *(?:[xX]|[eE][xX][tT])\.? *[0-9]{1,7} *$"
_FIGURE = r"^[ \t\r\n\x{A0}]*'?\+?[0-9]+(?:(?:[.,][0-9]+)?[eE]\+?[0-9]+|[.,]0{1,2})[ \t\r\n\x{A0}]*$"
_DECIMAL_END = r"[.,]00?\s*$"  # which of these are figures with decimals, `take_parts` knows
_ODD = rf"\.\.\.|{TWO_ZEROS}|{LONG_GROUPS}|{_FIGURE}|{_DECIMAL_END}"
_DAMAGE = pl.lit(Reason.PHONE_SPREADSHEET_DAMAGE.value)
_EXTENSION = pl.lit(Change.PHONE_EXTENSION_DROPPED.value)
_SAYS_MORE = [
    Change.PHONE_EXTENSION_DROPPED.value,
    Change.PHONE_LETTERS_CHANGED.value,
    Change.PHONE_BROUGHT_UP_TO_DATE.value,
    *(repair.value for repair in REPAIRS.values()),
]
_QUESTION = ["question", "region"]


def normalise_phones(
    numbers: pl.Series,
    regions: pl.Series,
    *,
    repair: bool = False,
    vanity: bool = False,
    separator: str | None = None,
) -> pl.DataFrame:
    """Each number as E.164: what `phonenumbers` says of the cell, or of the part that holds the number.

    `numbers` is String; `regions` is String of the same length: ISO 3166 alpha-2 in capitals. A region that
    is null or unknown leaves only numbers that begin with `+` and their country code. Of a cell with several
    numbers the first valid one counts; `separator` stands between them, by default what usually does.
    `repair` gives back what a spreadsheet took: a plus, a zero, the form of a figure. `vanity` reads letters
    as digits.

    Gives `e164` (String) and `code` (String), row for row. A null or blank number has neither. A refused
    number has no `e164`, and a `Reason`. A kept number has a `Change`, or no code where it was E.164 as it
    stood.
    """
    return split_phones(numbers, regions, repair=repair, vanity=vanity, separator=separator).first


def split_phones(
    numbers: pl.Series,
    regions: pl.Series,
    *,
    repair: bool = False,
    vanity: bool = False,
    separator: str | None = None,
) -> SplitCells:
    """`normalise_phones`, and what else the cells hold."""
    chunks = [
        _split_chunk(
            numbers.slice(start, CHUNK_ROWS).cast(pl.String),
            regions.slice(start, CHUNK_ROWS).cast(pl.String),
            repair=repair,
            vanity=vanity,
            separator=separator,
        )
        for start in range(0, len(numbers), CHUNK_ROWS)
    ]
    return join_chunks(chunks, _VERDICT)


def _split_chunk(
    numbers: pl.Series, regions: pl.Series, *, repair: bool, vanity: bool, separator: str | None
) -> SplitCells:
    rows = pl.DataFrame({"question": numbers, "region": regions}).with_row_index("row")
    is_bare = rows.select(_is_bare(pl.col("question"), separator).fill_null(value=False)).to_series()
    bare = rows.filter(is_bare)
    visible = pl.col("question").str.replace_all(INVISIBLE, "").str.strip_chars()
    rest = rows.filter(~is_bare).filter(visible != "")
    parts = _take_parts(rest.rename({"question": "number"}), separator, vanity=vanity)
    verdicts, judged_parts = _judge(bare, parts, repair=repair)
    several = Change.PHONE_ONE_OF_SEVERAL.value
    first, others = pick_first(judged_parts, same=pl.col("e164"), several=several)
    first = _name_reformatted(first, numbers)
    return SplitCells(align_verdicts(pl.concat([verdicts, first]), rows.height), others)


def _name_reformatted(first: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """With a code wherever the number is not the cell as it stood."""
    is_other = pl.col("e164") != pl.lit(numbers.gather(first["row"]))
    reformatted = pl.when(is_other).then(pl.lit(Change.PHONE_REFORMATTED.value))
    return first.with_columns(code=pl.coalesce("code", reformatted))


def _is_bare(number: pl.Expr, separator: str | None) -> pl.Expr:
    """Whether a cell is one number and nothing else."""
    is_bare = number.str.contains(_BARE) & ~number.str.contains(_ODD)
    return is_bare & ~number.str.contains(separator, literal=True) if separator else is_bare


def _take_parts(rest: pl.DataFrame, separator: str | None, *, vanity: bool) -> pl.DataFrame:
    """The parts, as `take_parts` gives them, of all cells (`row`, `number`, `region`) that are not bare.

    The `question` of a figure is the figure, for the repair alone.
    """
    number = rest["number"]
    is_figure = number.str.contains(_FIGURE)
    extended = number.str.replace(_EXTENSION_AT_END, "")
    is_bare = rest.select(_is_bare(pl.lit(extended), separator)).to_series()
    is_extended = ~is_figure & (extended != number) & is_bare
    marked = rest.with_columns(extended=extended)
    figures = marked.filter(is_figure).select(
        "row", "region", question="number", reason=_DAMAGE, change=NO_CODE
    )
    short = marked.filter(is_extended).select(
        "row", "region", question="extended", reason=NO_CODE, change=_EXTENSION
    )
    others = rest.filter(~is_figure & ~is_extended)
    parts = [figures, short]
    if others.height:
        parts.append(_doubt_incomplete(take_parts(others, separator, vanity=vanity)))
    return pl.concat(parts)


def _judge(bare: pl.DataFrame, parts: pl.DataFrame, *, repair: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`row`, `e164` and `code` of bare cells and of parts, these in order. Most are judged at once: every
    question put to the judge has its price."""
    placed = parts.with_row_index("place")
    is_asked = pl.col("reason").is_null()
    is_separable = pl.col("question").str.contains(SEPARATOR) & is_asked
    whole, separable = placed.filter(is_asked & ~is_separable), placed.filter(is_separable)
    asked = pl.concat([bare.select(_QUESTION), whole.select(_QUESTION)])
    verdicts = _judge_questions(asked, repair=repair)
    settled = settle_readings(separable.select("place", *_QUESTION), partial(_judge_questions, repair=repair))
    refused = _refuse(placed.filter(~is_asked), repair=repair)
    judged = pl.concat([whole.select("place").hstack(verdicts.slice(bare.height)), settled, refused])
    found = judged.join(placed.select("place", "row", "change"), on="place", maintain_order="left")
    is_noted = pl.col("e164").is_not_null() & ~pl.col("code").is_in(_SAYS_MORE).fill_null(value=False)
    noted = found.with_columns(code=pl.when(is_noted).then(pl.coalesce("change", "code")).otherwise("code"))
    in_order = noted.sort("place", maintain_order=True).select("row", *_VERDICT)
    return bare.select("row").hstack(verdicts.head(bare.height)), in_order


def _refuse(parts: pl.DataFrame, *, repair: bool) -> pl.DataFrame:
    """`place`, `e164` and `code` of parts that have a reason; only figures can be repaired."""
    refused = parts.select("place", e164=NO_CODE, code="reason")
    if not repair:
        return refused
    is_figure = refused["code"] == Reason.PHONE_SPREADSHEET_DAMAGE.value
    figures = parts.filter(is_figure)
    repaired = repair_phones(refused.filter(is_figure), figures["question"], figures["region"])
    return pl.concat([refused.filter(~is_figure), repaired])


def _doubt_incomplete(parts: pl.DataFrame) -> pl.DataFrame:
    """Refuses parts without a prefix behind one that begins with a zero or is no number by its length.

    `030; 12345678` and `030 1234567; 7654321` leave the area code to the first part.
    """
    question = pl.col("question")
    leans = question.str.contains(r"^\(?0") | (question.str.count_matches("[0-9]") < 5)
    is_behind = leans.fill_null(value=False).cum_max().shift(1, fill_value=False).over("row")
    has_area = question.str.contains(r"^\W*[+0]") | pl.col("region").is_in(AMERICAN_REGIONS)
    is_doubtful = is_behind & ~has_area & pl.col("reason").is_null()
    return parts.with_columns(
        reason=pl.when(is_doubtful).then(pl.lit(Reason.PHONE_NO_AREA_CODE.value)).otherwise("reason")
    )


def _judge_questions(questions: pl.DataFrame, *, repair: bool) -> pl.DataFrame:
    """`e164` and `code`, row for row with `question` and `region`."""
    question, region = questions["question"], questions["region"]
    verdicts = refuse_ambiguous(judge_phones(question, region), question, region)
    verdicts = bring_up_to_date(verdicts, question, region)
    return repair_phones(verdicts, question, region) if repair else verdicts
