"""Ordinary addresses, for which an expression provably says what `email-validator` would."""

import re

import email_validator
import polars as pl
from email_validator import rfc_constants

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
_KEPT = f"^{_LOCAL_PART}@{_DOMAIN}$"
_LOWERED = (
    f"^{_LOCAL_PART.replace(_SMALL, _ANY_CASE if _MAILBOXES else _SMALL)}"
    f"@{_DOMAIN.replace(_SMALL, _ANY_CASE)}$"
)


def is_kept(address: pl.Expr) -> pl.Expr:
    """Whether the library provably keeps the address as it stands."""
    return _matches(address, _KEPT)


def is_lowered(address: pl.Expr) -> pl.Expr:
    """Whether the library provably gives what `lower_where_case_means_nothing` does."""
    return _matches(address, _LOWERED)


def lower_where_case_means_nothing(address: pl.Expr) -> pl.Expr:
    """The domain in small letters, and the local part where it names a mailbox of RFC 2142."""
    is_mailbox = address.str.contains(_MAILBOX)
    local_part = address.str.replace("@.*$", "@")
    domain = address.str.replace("^.*@", "").str.to_lowercase()
    return pl.when(is_mailbox).then(address.str.to_lowercase()).otherwise(pl.concat_str(local_part, domain))


def _matches(address: pl.Expr, pattern: str) -> pl.Expr:
    is_short = address.str.len_bytes() <= _LONGEST_ORDINARY_BYTES
    is_reserved = address.str.contains(_match_domains(email_validator.SPECIAL_USE_DOMAIN_NAMES))
    return is_short & address.str.contains(pattern) & ~is_reserved


def _match_domains(domains: list[str]) -> str:
    """A pattern for addresses at these domains or below them."""
    return rf"(?i)[@.](?:{'|'.join(map(re.escape, domains))})$" if domains else _NEVER
