"""Email addresses as columns: what `email-validator` says, and a code for what was changed or refused.

Ordinary addresses are decided by one expression. Of other cells what stands around an address is taken off
first; what is then not provably ordinary goes to the library, each distinct address once.
"""

from collections.abc import Callable
from typing import Literal

import polars as pl

from memory_import.transforms.alignment import align_verdicts
from memory_import.transforms.cells import INVISIBLE, Schema, SplitCells, join_chunks, pick_first
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.emails.library import judge_email
from memory_import.transforms.emails.ordinary import is_kept, is_lowered, lower_where_case_means_nothing
from memory_import.transforms.emails.undress import take_parts
from memory_import.transforms.judgements import NO_CODE

CHUNK_ROWS = 250_000

_VERDICT: Schema = {"email": pl.String, "code": pl.String}
_MASK = "**"  # the library takes asterisks, but two of them hide letters
_APOSTROPHE = "^['`]"  # so are these, but a spreadsheet puts one before a text
_WIDE_AT_SIGN = "[＠﹫]"

Judge = Callable[[str], tuple[str | None, str | None]]
Case = Literal["lower"]


def normalise_emails(
    addresses: pl.Series, *, case: Case | None = None, separator: str | None = None
) -> pl.DataFrame:
    """Each address as `email-validator` normalises it; DNS is not asked.

    Names, labels, notes, quotes and the like around an address are taken off. Of a cell with several
    addresses the first valid one counts; `separator` stands between them, by default what usually does.
    `case="lower"` puts the whole address in small letters, not only where case means nothing.

    Gives `email` (String) and `code` (String), row for row with `addresses` (String). A null or blank address
    has neither. A refused address has no `email`, and a `Reason`. A kept address has a `Change`, or no code
    where it stands as it was.
    """
    return split_emails(addresses, case=case, separator=separator).first


def split_emails(
    addresses: pl.Series, *, case: Case | None = None, separator: str | None = None
) -> SplitCells:
    """`normalise_emails`, and what else the cells hold. Addresses that differ in case alone are one."""
    chunks = [addresses.slice(start, CHUNK_ROWS) for start in range(0, len(addresses), CHUNK_ROWS)]
    judged = [split_by(chunk, judge_email, case=case, separator=separator) for chunk in chunks]
    return join_chunks(judged, _VERDICT)


def split_by(
    addresses: pl.Series, judge: Judge, *, case: Case | None = None, separator: str | None = None
) -> SplitCells:
    """`split_emails`, asking `judge` (address -> email, code) where an address is not ordinary."""
    given = pl.col("given")
    rows = addresses.cast(pl.String).to_frame("given").with_row_index("row")
    plain = rows.with_columns(email=pl.when(is_kept(given) & _stands_alone(given, separator)).then(given))
    rest = plain.filter(pl.col("email").is_null() & given.is_not_null()).drop("email")
    if rest.is_empty():
        others = pl.DataFrame(schema={"row": pl.UInt32, **_VERDICT})
        return SplitCells(plain.select("email", code=NO_CODE), others)
    parts = _judge_parts(_take_parts(rest, separator), judge, case)
    small = pl.col("email").str.to_lowercase()
    first, others = pick_first(parts, same=small, several=Change.EMAIL_ONE_OF_SEVERAL.value)
    judged = align_verdicts(first, rows.height)
    return SplitCells(judged.with_columns(email=pl.coalesce(plain["email"], "email")), others)


def _stands_alone(address: pl.Expr, separator: str | None) -> pl.Expr:
    """Whether an address that the library would take holds nothing that has to go or to be told apart."""
    is_whole = ~address.str.contains(_MASK, literal=True) & ~address.str.contains(_APOSTROPHE)
    return is_whole & ~address.str.contains(separator, literal=True) if separator else is_whole


def _take_parts(rest: pl.DataFrame, separator: str | None) -> pl.DataFrame:
    """`row`, `given`, `address` of what these cells (`row`, `given`) hold; blank ones are left out."""
    address = pl.col("address")
    stated = rest.with_columns(address=pl.col("given").str.strip_chars()).filter(address != "")
    is_whole = is_lowered(address) & _stands_alone(address, separator)
    whole, dressed = stated.filter(is_whole), stated.filter(~is_whole)
    return pl.concat([whole, take_parts(dressed.drop("address"), separator)]) if dressed.height else whole


def _judge_parts(parts: pl.DataFrame, judge: Judge, case: Case | None) -> pl.DataFrame:
    """`row`, `email`, `code` of parts, in their order."""
    address = pl.col("address")
    reason = _explain_at_once(address)
    read = parts.with_columns(
        reason=reason, ordinary=pl.when(is_lowered(address)).then(lower_where_case_means_nothing(address))
    )
    is_open = pl.col("reason").is_null() & pl.col("ordinary").is_null()
    judged = read.join(
        _judge_each(read.filter(is_open)["address"], judge), on="address", how="left", maintain_order="left"
    )
    email = pl.when(pl.col("reason").is_null()).then(pl.coalesce("ordinary", "email"))
    sent = email.str.to_lowercase() if case == "lower" else email
    found = judged.with_columns(email=sent, code=pl.coalesce("reason", "code"))
    return found.select(
        "row", "email", code=pl.when(sent.is_null()).then("code").otherwise(_explain_change())
    )


def _explain_at_once(address: pl.Expr) -> pl.Expr:
    """The reason of a part that the library need not be asked about; null where there is none."""
    return (
        pl.when(address.str.contains(_MASK, literal=True))
        .then(pl.lit(Reason.EMAIL_MASKED.value))
        .when(address.str.contains("@", literal=True))
        .then(None)
        .when(address.str.contains(_WIDE_AT_SIGN))
        .then(pl.lit(Reason.EMAIL_WIDE_AT_SIGN.value))
        .otherwise(pl.lit(Reason.EMAIL_NO_AT_SIGN.value))
    )


def _explain_change() -> pl.Expr:
    """The change that says most of what was left out; null where the cell is the `email`."""
    given, address, email = pl.col("given"), pl.col("address"), pl.col("email")
    visible = given.str.replace_all(INVISIBLE, "")
    return (
        pl.when(visible.str.strip_chars() != address)
        .then(pl.lit(Change.EMAIL_SURROUNDINGS_DROPPED.value))
        .when(visible != given)
        .then(pl.lit(Change.INVISIBLE_CHARACTERS_REMOVED.value))
        .when(address.str.to_lowercase() != email.str.to_lowercase())
        .then(pl.lit(Change.EMAIL_UNICODE_NORMALISED.value))
        .when(address != email)
        .then(pl.lit(Change.EMAIL_LOWERCASED.value))
        .when(given != email)
        .then(pl.lit(Change.EMAIL_TRIMMED.value))
    )


def _judge_each(addresses: pl.Series, judge: Judge) -> pl.DataFrame:
    """`address`, `email` and `code`: the library's word on each distinct address."""
    distinct = addresses.unique()
    verdicts = pl.DataFrame([judge(address) for address in distinct], schema=_VERDICT, orient="row")
    return verdicts.insert_column(0, distinct.alias("address"))
