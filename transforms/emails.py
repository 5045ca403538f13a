"""Email addresses as columns: exactly what `email-validator` says, and a code for what was changed or refused.

Ordinary addresses are decided by one expression; whatever is not provably ordinary goes to the library, each
distinct value once.
"""

import re
from collections.abc import Callable

import email_validator
import polars as pl
from email_validator import rfc_constants

from transforms.email_judge import judge_email
from transforms.reasons import Change, Reason

CHUNK_ROWS = 250_000

# Within this length no label, domain, local part or address can be too long.
_LONGEST_ORDINARY_BYTES = 64
_ATOM = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"  # without a double hyphen: those have rules of their own
_LAST_LABEL = "(?:[A-Za-z0-9]+-)*[A-Za-z0-9]*[A-Za-z]"
_ORDINARY = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LAST_LABEL}$"
# RFC 2142 mailboxes are lowercased by the library; the names it knows are its own affair.
_MAILBOX = rf"(?i)^(?:{'|'.join(rfc_constants.CASE_INSENSITIVE_MAILBOX_NAMES)})@"

Judge = Callable[[str], tuple[str | None, str | None]]
_VERDICT = {"email": pl.String, "code": pl.String}


def normalise_emails(addresses: pl.Series) -> pl.DataFrame:
    """Each address without the whitespace around it, as `email-validator` normalises it; DNS is not asked.

    Gives `email` (String) and `code` (String), row for row with `addresses` (String). A null or blank address has
    neither. A refused address has no `email`, and a `Reason`. A kept address has a `Change`, or no code where it
    stands as it was.
    """
    chunks = [addresses.slice(start, CHUNK_ROWS) for start in range(0, len(addresses), CHUNK_ROWS)]
    judged = [normalise_with(chunk, judge_email) for chunk in chunks]
    return pl.concat(judged) if judged else pl.DataFrame(schema=_VERDICT)


def normalise_with(addresses: pl.Series, judge: Judge) -> pl.DataFrame:
    """`normalise_emails`, asking `judge` (address -> email, code) about every address that is not ordinary."""
    given = addresses.cast(pl.String).alias("given").to_frame().with_row_index("row")
    stated = given.with_columns(address=pl.col("given").str.strip_chars()).filter(pl.col("address") != "")
    is_ordinary = _find_ordinary(stated["address"])
    others = stated.filter(~is_ordinary)
    has_at_sign = others["address"].str.contains("@", literal=True)
    verdicts = [
        _keep_ordinary(stated.filter(is_ordinary)),
        _judge_each(others.filter(has_at_sign), judge),
        _refuse(others.filter(~has_at_sign), Reason.EMAIL_NO_AT_SIGN),
    ]
    found = pl.concat(verdicts).with_columns(code=_note_trim())
    return _align(given.height, found)


def _find_ordinary(addresses: pl.Series) -> pl.Series:
    """Whether the library provably keeps each address as it stands, but for capitals in the domain."""
    is_short = addresses.str.len_bytes() <= _LONGEST_ORDINARY_BYTES
    is_reserved = addresses.str.contains(_end_in(email_validator.SPECIAL_USE_DOMAIN_NAMES))
    return is_short & addresses.str.contains(_ORDINARY) & ~is_reserved & ~addresses.str.contains(_MAILBOX)


def _end_in(domains: list[str]) -> str:
    """A pattern for addresses at these domains or below them."""
    return rf"(?i)[@.](?:{'|'.join(map(re.escape, domains))})$" if domains else r"[^\s\S]"


def _keep_ordinary(rows: pl.DataFrame) -> pl.DataFrame:
    has_capitals = rows["address"].str.contains("@.*[A-Z]")
    local_part = pl.col("address").str.replace("@.*", "")
    domain = pl.col("address").str.replace("^.*@", "").str.to_lowercase()
    return pl.concat(
        [
            rows.filter(~has_capitals).select("row", "given", email="address", code=pl.lit(None, pl.String)),
            rows.filter(has_capitals).select(
                "row",
                "given",
                email=pl.concat_str(local_part, pl.lit("@"), domain),
                code=pl.lit(Change.EMAIL_LOWERCASED.value),
            ),
        ]
    )


def _refuse(rows: pl.DataFrame, reason: Reason) -> pl.DataFrame:
    return rows.select("row", "given", email=pl.lit(None, pl.String), code=pl.lit(reason.value))


def _judge_each(rows: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """Asks the library about each distinct address once."""
    distinct = rows.select("address").unique()
    verdicts = pl.DataFrame([judge(address) for address in distinct["address"]], schema=_VERDICT, orient="row")
    return rows.join(distinct.hstack(verdicts), on="address").select("row", "given", *_VERDICT)


def _note_trim() -> pl.Expr:
    """The code, or that only whitespace went."""
    is_trimmed = pl.col("code").is_null() & (pl.col("given") != pl.col("email"))
    return pl.when(is_trimmed).then(pl.lit(Change.EMAIL_TRIMMED.value)).otherwise("code")


def _align(height: int, found: pl.DataFrame) -> pl.DataFrame:
    """The verdicts in the order of the rows; null where a row has none."""
    places = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    places = places.scatter(found["row"], pl.int_range(found.height, dtype=pl.UInt32, eager=True))
    return found.select(pl.col("email", "code").gather(places))
