"""Email addresses as columns: what `email-validator` says, and a code for what was changed or refused.

Ordinary addresses are decided by one expression; whatever is not provably ordinary goes to the library, each
distinct value once.
"""

import re
from collections.abc import Callable

import email_validator
import polars as pl
from email_validator import rfc_constants

from memory_import.transforms.alignment import align_verdicts
from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.emails.library import judge_email
from memory_import.transforms.judgements import NO_CODE

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
    if rest.is_empty():
        return plain.select("email", code=NO_CODE)
    judged = align_verdicts(_judge_rest(rest, judge), rows.height)
    return judged.with_columns(email=pl.coalesce(plain["email"], "email"))


def _judge_rest(rest: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """`row`, `email`, `code` from `row` and `given`; blank ones are left out."""
    address = pl.col("address")
    stated = rest.with_columns(address=pl.col("given").str.strip_chars()).filter(address != "")
    read = stated.with_columns(
        is_ordinary=_is_kept(address, _ORDINARY), has_at_sign=address.str.contains("@", literal=True)
    )
    is_open = pl.col("has_at_sign") & ~pl.col("is_ordinary")
    settled = read.filter(~is_open).with_columns(
        email=pl.when("is_ordinary").then(_lower_where_case_means_nothing(address))
    )
    verdicts = [
        settled.select("row", "given", "email", code=_explain_settled()),
        _judge_each(read.filter(is_open), judge),
    ]
    return pl.concat(verdicts).select("row", "email", code=_note_trim())


def _is_kept(address: pl.Expr, pattern: str) -> pl.Expr:
    """Whether the library provably keeps an address of this pattern, but for capitals that mean nothing."""
    is_short = address.str.len_bytes() <= _LONGEST_ORDINARY_BYTES
    is_reserved = address.str.contains(_match_domains(email_validator.SPECIAL_USE_DOMAIN_NAMES))
    return is_short & address.str.contains(pattern) & ~is_reserved


def _match_domains(domains: list[str]) -> str:
    """A pattern for addresses at these domains or below them."""
    return rf"(?i)[@.](?:{'|'.join(map(re.escape, domains))})$" if domains else _NEVER


def _lower_where_case_means_nothing(address: pl.Expr) -> pl.Expr:
    """The domain in small letters, and the local part where it names a mailbox of RFC 2142."""
    is_mailbox = address.str.contains(_MAILBOX)
    local_part = address.str.replace("@.*$", "@")
    domain = address.str.replace("^.*@", "").str.to_lowercase()
    return pl.when(is_mailbox).then(address.str.to_lowercase()).otherwise(pl.concat_str(local_part, domain))


def _explain_settled() -> pl.Expr:
    is_changed = pl.col("email") != pl.col("address")
    return (
        pl.when(pl.col("email").is_null())
        .then(pl.lit(Reason.EMAIL_NO_AT_SIGN.value))
        .when(is_changed)
        .then(pl.lit(Change.EMAIL_LOWERCASED.value))
    )


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
