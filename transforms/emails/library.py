"""One address put before `email-validator`: its normalised form, and why it was changed or refused."""

import email_validator
from email_validator import EmailNotValidError

from memory_import.transforms.codes import Change, Reason

_LONGEST_ADDRESS_BYTES = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def judge_email(address: str) -> tuple[str | None, str | None]:
    """`(email, code)` of one address that has no space around it; no DNS is asked.

    An address that is refused has no `email` and a `Reason`; one that is kept has a `Change`, or no code when
    it is kept as it stands.
    """
    email = _validate(address)
    if email is None:
        return None, _explain_refusal(address)
    return email, None if email == address else _explain_change(address, email)


def _validate(address: str) -> str | None:
    try:
        validated = email_validator.validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    return validated.normalized


def _explain_refusal(address: str) -> Reason:
    """Ask the library about each half of the address beside a half that is known to be good."""
    local_part, at_sign, domain = address.rpartition("@")
    if not at_sign:
        return Reason.EMAIL_NO_AT_SIGN
    if not _validate("a@" + domain):
        return Reason.EMAIL_SPECIAL_USE_DOMAIN if _is_special_use(domain) else Reason.EMAIL_BAD_DOMAIN
    if len(address.encode()) > _LONGEST_ADDRESS_BYTES:
        return Reason.EMAIL_TOO_LONG
    if not _validate(local_part + "@example.com"):
        return Reason.EMAIL_BAD_LOCAL_PART
    return Reason.EMAIL_INVALID


def _is_special_use(domain: str) -> bool:
    ending = "." + domain.lower()
    return any(ending.endswith("." + name) for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)


def _explain_change(address: str, email: str) -> Change:
    same_letters = address.lower() == email.lower()
    return Change.EMAIL_LOWERCASED if same_letters else Change.EMAIL_UNICODE_NORMALISED
