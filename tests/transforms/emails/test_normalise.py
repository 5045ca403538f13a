"""Addresses come out exactly as email-validator normalises them, and every change and refusal says why."""

import email_validator
import polars as pl
import pytest

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.emails.normalise import CHUNK_ROWS, normalise_by, normalise_emails
from tests.fuzz import seeds
from tests.fuzz.addresses import generate_addresses
from tests.fuzz.comparison import compare_emails

LONG = "a" * 64

KEPT = {
    "as it stands": ("anna@example.com", "anna@example.com", None),
    "capitals before the @-sign": ("Anna.Maria@example.com", "Anna.Maria@example.com", None),
    "capitals in the domain": ("anna@Example.COM", "anna@example.com", Change.EMAIL_LOWERCASED),
    "a mailbox of RFC 2142": ("Info@example.com", "info@example.com", Change.EMAIL_LOWERCASED),
    "space around": (" anna@example.com\n", "anna@example.com", Change.EMAIL_TRIMMED),
    "no-break space before": ("\u00a0anna@example.com", "anna@example.com", Change.EMAIL_TRIMMED),
    "space and capitals": ("anna@Example.com ", "anna@example.com", Change.EMAIL_LOWERCASED),
    "a tag": ("anna+news@example.com", "anna+news@example.com", None),
    "all signs that an atom may hold": (
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        None,
    ),
    "an accent": ("jösé@example.com", "jösé@example.com", None),
    "an accent apart": ("jose\u0301@example.com", "josé@example.com", Change.EMAIL_UNICODE_NORMALISED),
    "an international domain": ("anna@bücher.example", "anna@bücher.example", None),
    "Punycode": ("anna@xn--bcher-kva.example", "anna@bücher.example", Change.EMAIL_UNICODE_NORMALISED),
    "full-width letters": ("anna@ｅｘample.com", "anna@example.com", Change.EMAIL_UNICODE_NORMALISED),
    "more than 64 before the @-sign": (f"{LONG}a@example.com", f"{LONG}a@example.com", None),
    "a digit first in the last label": ("a@b.2c", "a@b.2c", None),
    "a reserved name inside": ("anna@test.example.com", "anna@test.example.com", None),
}
REFUSED = {
    "no @-sign": ("anna.example.com", Reason.EMAIL_NO_AT_SIGN),
    "a full-width @-sign": ("anna＠example.com", Reason.EMAIL_NO_AT_SIGN),
    "two @-signs": ("anna@home@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "nothing before": ("@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a space inside": ("an na@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a dot first": (".anna@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "two dots": ("an..na@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a dot before the @-sign": ("anna.@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "quotes": ('"anna maria"@example.com', Reason.EMAIL_BAD_LOCAL_PART),
    "nothing after": ("anna@", Reason.EMAIL_BAD_DOMAIN),
    "no dot": ("anna@example", Reason.EMAIL_BAD_DOMAIN),
    "a dot last": ("anna@example.com.", Reason.EMAIL_BAD_DOMAIN),
    "two dots after": ("anna@example..com", Reason.EMAIL_BAD_DOMAIN),
    "a hyphen first": ("anna@-example.com", Reason.EMAIL_BAD_DOMAIN),
    "a hyphen last": ("anna@example-.com", Reason.EMAIL_BAD_DOMAIN),
    "two letters and two hyphens": ("anna@ab--cd.com", Reason.EMAIL_BAD_DOMAIN),
    "an underscore": ("anna@ex_ample.com", Reason.EMAIL_BAD_DOMAIN),
    "a number last": ("anna@example.1", Reason.EMAIL_BAD_DOMAIN),
    "an IP address": ("anna@[127.0.0.1]", Reason.EMAIL_BAD_DOMAIN),
    "a label of 64": (f"anna@{LONG}.com", Reason.EMAIL_BAD_DOMAIN),
    "broken Punycode": ("anna@xn--zz.com", Reason.EMAIL_BAD_DOMAIN),
    "a display name": ("Anna <anna@example.com>", Reason.EMAIL_DISPLAY_NAME),
    "a link": ("mailto:anna@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "two addresses": ("anna@example.com, bob@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "too long before the @-sign": (f"{'a' * 250}@example.com", Reason.EMAIL_TOO_LONG),
    "only together too long": (f"{'a' * 200}@{'b' * 50}.example.com", Reason.EMAIL_TOO_LONG),
}
SPECIAL_USE = email_validator.SPECIAL_USE_DOMAIN_NAMES


def normalise(*addresses: str | None) -> list[tuple[str | None, str | None]]:
    return normalise_emails(pl.Series(addresses, dtype=pl.String)).rows()


@pytest.mark.parametrize(("address", "email", "code"), KEPT.values(), ids=KEPT)
def test_a_valid_address_is_normalised_with_a_note_of_what_changed(address, email, code):
    assert normalise(address) == [(email, code)]


@pytest.mark.parametrize(("address", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_refused_address_has_no_email_and_a_reason(address, reason):
    assert normalise(address) == [(None, reason)]


@pytest.mark.parametrize("name", SPECIAL_USE)
def test_special_use_domains_are_refused_as_such(name):
    assert (
        normalise(f"anna@mail.{name}", f"anna@mail.{name.upper()}")
        == [(None, Reason.EMAIL_SPECIAL_USE_DOMAIN)] * 2
    )


@pytest.mark.parametrize(
    "blank", [None, "", " ", "\t\n\u00a0"], ids=["null", "empty", "space", "white space"]
)
def test_a_blank_address_has_neither_email_nor_code(blank):
    assert normalise(blank, "anna@example.com") == [(None, None), ("anna@example.com", None)]


def test_no_rows_give_no_rows_of_text():
    assert normalise_emails(pl.Series([], dtype=pl.String)).schema == {"email": pl.String, "code": pl.String}


def test_verdicts_stay_row_for_row_when_the_input_is_read_in_chunks():
    addresses = ["anna@example.com", "x", None, "bob@Example.com", "é@example.com"]
    times = CHUNK_ROWS // len(addresses) + 10
    assert normalise(*addresses * times) == normalise(*addresses) * times


def test_the_library_is_not_asked_about_ordinary_addresses():
    def judge(address: str) -> tuple[str | None, str | None]:
        raise AssertionError("the library was asked about an ordinary address")

    addresses = ["anna@example.com", "A.B+c@mail.x-y.co.uk", "INFO@Example.com", None, "no at sign"]
    assert normalise_by(pl.Series(addresses), judge)["email"].null_count() == 2


@pytest.mark.parametrize("seed", seeds.ADDRESSES, ids="seed {}".format)
def test_generated_addresses_get_the_library_s_answers(seed):
    result = compare_emails(generate_addresses(100_000, seed))
    assert result.rows == 100_000
    assert result.left_to_library < 0.55 * result.rows
    assert result.differences == []


def test_a_wrong_judge_is_caught():
    result = compare_emails(
        ["anna@example.com", "é@example.com"], judge=lambda address: (address.upper(), None)
    )
    assert len(result.differences) == 1
