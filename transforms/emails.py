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

_NEVER = r"[^\s\S]"

# The library lowercases these whole (RFC 2142). Should a release name them otherwise, capitals before the
# @-sign are its affair.
_MAILBOXES = getattr(rfc_constants, "CASE_INSENSITIVE_MAILBOX_NAMES", None)
_MAILBOX = rf"(?i)^(?:{'|'.join(map(re.escape, _MAILBOXES))})@" if _MAILBOXES else _NEVER

# Within this length no label, domain, local part or address can be too long.
_LONGEST_ORDINARY_BYTES = 64
_SMALL, _ANY_CASE = "a-z", "A-Za-z"
_ATOM = r"[a-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LOCAL_PART = rf"{_ATOM}(?:\.{_ATOM})*"
_LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*"  # without a double hyphen: those have rules of their own
_DOMAIN = rf"(?:{_LABEL}\.)+(?:[a-z0-9]+-)*[a-z0-9]*[a-z]"
_PLAIN = f"^{_LOCAL_PART}@{_DOMAIN}$"
_ORDINARY = (
    f"^{_LOCAL_PART.replace(_SMALL, _ANY_CASE if _MAILBOXES else _SMALL)}"
    f"@{_DOMAIN.replace(_SMALL, _ANY_CASE)}$"
)

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
    given = pl.col("given")
    rows = addresses.cast(pl.String).to_frame("given").with_row_index("row")
    plain = rows.with_columns(email=pl.when(_is_kept(given, _PLAIN)).then(given))
    rest = plain.filter(pl.col("email").is_null() & given.is_not_null()).drop("email")
    stated = rest.with_columns(address=given.str.strip_chars()).filter(pl.col("address") != "")
    is_ordinary = stated.select(_is_kept(pl.col("address"), _ORDINARY)).to_series()
    others = stated.filter(~is_ordinary)
    has_at_sign = others["address"].str.contains("@", literal=True)
    verdicts = [
        _keep_ordinary(stated.filter(is_ordinary)),
        _judge_each(others.filter(has_at_sign), judge),
        _refuse(others.filter(~has_at_sign), Reason.EMAIL_NO_AT_SIGN),
    ]
    found = pl.concat(verdicts).with_columns(code=_note_trim())
    judged = align_verdicts(found.drop("given"), rows.height)
    return judged.with_columns(email=pl.coalesce(plain["email"], "email"))


def _is_kept(address: pl.Expr, pattern: str) -> pl.Expr:
    """Whether the library provably keeps an address of this pattern, but for capitals that mean nothing."""
    is_short = address.str.len_bytes() <= _LONGEST_ORDINARY_BYTES
    is_reserved = address.str.contains(_match_domains(email_validator.SPECIAL_USE_DOMAIN_NAMES))
    return is_short & address.str.contains(pattern) & ~is_reserved


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
