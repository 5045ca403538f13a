"""Email addresses as columns: what `email-validator` says, and a code for what was changed or refused.

Ordinary addresses are decided by one expression; whatever is not provably ordinary goes to the library, each
distinct value once.
"""

import re
from collections.abc import Callable

import email_validator
import polars as pl
from email_validator import rfc_constants

from transforms.alignment import align_verdicts
from transforms.email_judge import judge_email
from transforms.reasons import Change, Reason

CHUNK_ROWS = 250_000

# Within this length no label, domain, local part or address can be too long.
_LONGEST_ORDINARY_BYTES = 64
_ATOM = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"  # without a double hyphen: those have rules of their own
_LAST_LABEL = "(?:[A-Za-z0-9]+-)*[A-Za-z0-9]*[A-Za-z]"
_ORDINARY = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LAST_LABEL}$"
_NEVER = r"[^\s\S]"

# The library lowercases these whole (RFC 2142). Should a release name them otherwise, capitals before the
# @-sign are its affair.
_MAILBOXES = getattr(rfc_constants, "CASE_INSENSITIVE_MAILBOX_NAMES", None)
_MAILBOX = rf"(?i)^(?:{'|'.join(map(re.escape, _MAILBOXES))})@" if _MAILBOXES else _NEVER
_UNSURE = _NEVER if _MAILBOXES else "[A-Z].*@"

Judge = Callable[[str], tuple[str | None, str | None]]
_VERDICT = {"email": pl.String, "code": pl.String}


def normalise_emails(addresses: pl.Series) -> pl.DataFrame:
    """Each address without the whitespace around it, as `email-validator` normalises it; DNS is not asked.

    Gives `email` (String) and `code` (String), row for row with `addresses` (String). A null or blank address
    has neither. A refused address has no `email`, and a `Reason`. A kept address has a `Change`, or no code
    where it stands as it was.
    """
    chunks = [addresses.slice(start, CHUNK_ROWS) for start in range(0, len(addresses), CHUNK_ROWS)]
    judged = [normalise_by(chunk, judge_email) for chunk in chunks]
    return pl.concat(judged) if judged else pl.DataFrame(schema=_VERDICT)


def normalise_by(addresses: pl.Series, judge: Judge) -> pl.DataFrame:
    """`normalise_emails`, asking `judge` (address -> email, code) where an address is not ordinary."""
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
    return align_verdicts(found.drop("given"), given.height)


def _find_ordinary(addresses: pl.Series) -> pl.Series:
    """Whether the library provably keeps each address, but for capitals in the domain or a mailbox name."""
    is_short = addresses.str.len_bytes() <= _LONGEST_ORDINARY_BYTES
    is_reserved = addresses.str.contains(_match_domains(email_validator.SPECIAL_USE_DOMAIN_NAMES))
    is_unsure = addresses.str.contains(_UNSURE)
    return is_short & addresses.str.contains(_ORDINARY) & ~is_reserved & ~is_unsure


def _match_domains(domains: list[str]) -> str:
    """A pattern for addresses at these domains or below them."""
    return rf"(?i)[@.](?:{'|'.join(map(re.escape, domains))})$" if domains else _NEVER


def _keep_ordinary(rows: pl.DataFrame) -> pl.DataFrame:
    has_capitals = rows["address"].str.contains("[A-Z]")
    lowered = rows.filter(has_capitals).with_columns(email=_lower_where_case_means_nothing())
    kept = rows.filter(~has_capitals).with_columns(email="address")
    is_changed = pl.col("email") != pl.col("address")
    code = pl.when(is_changed).then(pl.lit(Change.EMAIL_LOWERCASED.value))
    return pl.concat([kept, lowered]).select("row", "given", "email", code=code)


def _lower_where_case_means_nothing() -> pl.Expr:
    """The domain in small letters, and the local part where it names a mailbox of RFC 2142."""
    address = pl.col("address")
    is_mailbox = address.str.contains(_MAILBOX)
    local_part = address.str.replace("@.*$", "@")
    domain = address.str.replace("^.*@", "").str.to_lowercase()
    return pl.when(is_mailbox).then(address.str.to_lowercase()).otherwise(pl.concat_str(local_part, domain))


def _refuse(rows: pl.DataFrame, reason: Reason) -> pl.DataFrame:
    return rows.select("row", "given", email=pl.lit(None, pl.String), code=pl.lit(reason.value))


def _judge_each(rows: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """Asks the library about each distinct address once."""
    distinct = rows.select("address").unique()
    verdicts = pl.DataFrame(
        [judge(address) for address in distinct["address"]], schema=_VERDICT, orient="row"
    )
    return rows.join(distinct.hstack(verdicts), on="address").select("row", "given", *_VERDICT)


def _note_trim() -> pl.Expr:
    """The code, or that only whitespace went."""
    is_trimmed = pl.col("code").is_null() & (pl.col("given") != pl.col("email"))
    return pl.when(is_trimmed).then(pl.lit(Change.EMAIL_TRIMMED.value)).otherwise("code")
