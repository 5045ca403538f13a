"""Addresses come out exactly as email-validator normalises them, and every change and refusal says why."""

import email_validator
import polars as pl
import pytest

from memory_import.transforms.codes import Change, Reason
from memory_import.transforms.emails.normalise import CHUNK_ROWS, normalise_emails, split_by, split_emails
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
    "two @-signs": ("anna@home@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "nothing before": ("@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a space inside": ("an na@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a dot first": (".anna@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "two dots": ("an..na@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a dot before the @-sign": ("anna.@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "quotes": ('"anna maria"@example.com', Reason.EMAIL_BAD_LOCAL_PART),
    "nothing after": ("anna@", Reason.EMAIL_BAD_DOMAIN),
    "no dot": ("anna@example", Reason.EMAIL_BAD_DOMAIN),
    "two dots after": ("anna@example..com", Reason.EMAIL_BAD_DOMAIN),
    "a hyphen first": ("anna@-example.com", Reason.EMAIL_BAD_DOMAIN),
    "a hyphen last": ("anna@example-.com", Reason.EMAIL_BAD_DOMAIN),
    "two letters and two hyphens": ("anna@ab--cd.com", Reason.EMAIL_BAD_DOMAIN),
    "an underscore": ("anna@ex_ample.com", Reason.EMAIL_BAD_DOMAIN),
    "a number last": ("anna@example.1", Reason.EMAIL_BAD_DOMAIN),
    "an IP address": ("anna@[127.0.0.1]", Reason.EMAIL_BAD_DOMAIN),
    "a label of 64": (f"anna@{LONG}.com", Reason.EMAIL_BAD_DOMAIN),
    "broken Punycode": ("anna@xn--zz.com", Reason.EMAIL_BAD_DOMAIN),
    "a full-width @-sign": ("anna＠example.com", Reason.EMAIL_WIDE_AT_SIGN),
    "a small @-sign": ("anna﹫example.com", Reason.EMAIL_WIDE_AT_SIGN),
    "asterisks for letters": ("j***@example.com", Reason.EMAIL_MASKED),
    "asterisks alone": ("***@example.com", Reason.EMAIL_MASKED),
    "a comma typed for a dot": ("anna,maria@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a colon typed for a dot": ("anna:maria@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a bare word before": ("anna maria@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "a bare word behind that is no note": ("anna@example.co m", Reason.EMAIL_BAD_DOMAIN),
    "words for signs": ("anna (at) example.com", Reason.EMAIL_NO_AT_SIGN),
    "addresses with a word between": ("a&b@example.com/c d@example.com", Reason.EMAIL_BAD_LOCAL_PART),
    "separators alone": (" ; ", Reason.EMAIL_NO_AT_SIGN),
    "too long before the @-sign": (f"{'a' * 250}@example.com", Reason.EMAIL_TOO_LONG),
    "only together too long": (f"{'a' * 200}@{'b' * 50}.example.com", Reason.EMAIL_TOO_LONG),
}
SURROUNDED = {
    "an apostrophe": "'anna@example.com",
    "quotes": '"anna@example.com"',
    "smart quotes": "“anna@example.com”",
    "single smart quotes": "‘anna@example.com’",
    "guillemets": "«anna@example.com»",
    "a formula": '="anna@example.com"',
    "angle brackets": "<anna@example.com>",
    "a name": "Anna Meier <anna@example.com>",
    "a name in quotes, with a comma": '"Meier, Anna" <anna@example.com>',
    "a name with a comma": "Meier, Anna <anna@example.com>",
    "a name and round brackets": "Anna Meier (anna@example.com)",
    "a name and square brackets": "Anna Meier [anna@example.com]",
    "the address twice": "anna@example.com <mailto:anna@example.com>",
    "a link": "mailto:anna@example.com",
    "a link with a subject": "MAILTO:anna@example.com?subject=Hello&cc=bob@example.com",
    "a proxy address": "SMTP:anna@example.com",
    "a label": "E-mail: anna@example.com",
    "a label of words": "Email (privat): anna@example.com",
    "a label of another script": "Почта: anna@example.com",
    "a semicolon last": "anna@example.com;",
    "a comma last": "anna@example.com ,",
    "a dot last": "anna@example.com.",
    "a note in brackets": "anna@example.com (work)",
    "a note in brackets before": "(home) anna@example.com",
    "a note": "anna@example.com - privat",
    "a note behind a no-break space": "anna@example.com\u00a0[alt]",
}
INVISIBLE = {
    "a zero-width space": "an\u200bna@example.com",
    "bidi marks": "\u202aanna@example.com\u202c",
    "a byte-order mark": "\ufeffanna@example.com",
    "a soft hyphen": "anna@exam\u00adple.com",
    "a control character": "anna@example.com\x00",
}
SEVERAL = {
    "semicolon": "a@example.com; b@example.com",
    "comma": "a@example.com, b@example.com",
    "slash": "a@example.com/b@example.com",
    "ampersand": "a@example.com & b@example.com",
    "bar": "a@example.com|b@example.com",
    "line end": "a@example.com\r\nb@example.com",
    "space": "a@example.com b@example.com",
    "three colons": "a@example.com ::: b@example.com",
    "or": "a@example.com or b@example.com",
    "und": "a@example.com und b@example.com",
    "names": "Ann <a@example.com>, Bob <b@example.com>",
    "a name for one": "a@example.com, Bob <b@example.com>",
    "a note behind": "a@example.com, b@example.com (work)",
    "notes and a slash": "a@example.com (work)/b@example.com (home)",
    "notes without a space": "a@example.com(work) & b@example.com",
    "proxy addresses": "SMTP:a@example.com;smtp:b@example.com",
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


@pytest.mark.parametrize("cell", SURROUNDED.values(), ids=SURROUNDED)
def test_what_stands_around_an_address_is_left_out(cell):
    assert normalise(cell) == [("anna@example.com", Change.EMAIL_SURROUNDINGS_DROPPED)]


@pytest.mark.parametrize("cell", INVISIBLE.values(), ids=INVISIBLE)
def test_invisible_characters_do_not_count(cell):
    assert normalise(cell) == [("anna@example.com", Change.INVISIBLE_CHARACTERS_REMOVED)]


@pytest.mark.parametrize("cell", SEVERAL.values(), ids=SEVERAL)
def test_of_several_addresses_the_first_counts_and_the_others_are_kept_beside_it(cell):
    first, others = split_emails(pl.Series([None, cell]))
    code = Change.EMAIL_ONE_OF_SEVERAL
    assert first.rows() == [(None, None), ("a@example.com", code)]
    assert others.rows() == [(1, "b@example.com", code)]


def test_the_first_valid_address_counts_and_refused_parts_say_why():
    first, others = split_emails(pl.Series(["n/a; anna@example.com; x@y", "x@y; z", "plain@example.com"]))
    assert first.rows() == [
        ("anna@example.com", Change.EMAIL_ONE_OF_SEVERAL),
        (None, Reason.EMAIL_BAD_DOMAIN),
        ("plain@example.com", None),
    ]
    assert others.rows() == [
        (0, None, Reason.EMAIL_NO_AT_SIGN),
        (0, None, Reason.EMAIL_BAD_DOMAIN),
        (1, None, Reason.EMAIL_NO_AT_SIGN),
    ]


def test_addresses_that_differ_in_case_alone_are_one():
    first, others = split_emails(pl.Series(["Anna@example.com; anna@example.com"]))
    assert first.rows() == [("Anna@example.com", Change.EMAIL_SURROUNDINGS_DROPPED)]
    assert others.is_empty()


def test_a_given_separator_is_the_only_one():
    cells = pl.Series(["a/b@example.com", "a;b@example.com/c@example.com"])
    assert split_emails(cells, separator="/").first["email"].to_list() == ["b@example.com", "c@example.com"]
    assert split_emails(cells, separator="|").first["email"].to_list() == ["a/b@example.com", None]


def test_case_lower_lowers_the_whole_address_and_says_so():
    lowered = normalise_emails(pl.Series(["Anna@Example.com", "anna@example.com", " X"]), case="lower")
    assert lowered.rows() == [
        ("anna@example.com", Change.EMAIL_LOWERCASED),
        ("anna@example.com", None),
        (None, Reason.EMAIL_NO_AT_SIGN),
    ]


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
    addresses = ["anna@example.com", "x", None, "bob@Example.com", "é@example.com; b@example.com"]
    times = CHUNK_ROWS // len(addresses) + 10
    first, others = split_emails(pl.Series(addresses * times))
    assert first.rows() == normalise(*addresses) * times
    assert others["row"].to_list() == list(range(4, len(addresses) * times, len(addresses)))


def test_the_library_is_not_asked_about_ordinary_addresses():
    def judge(address: str) -> tuple[str | None, str | None]:
        raise AssertionError("the library was asked about an ordinary address")

    addresses = ["anna@example.com", "A.B+c@mail.x-y.co.uk", "INFO@Example.com", None, "no at sign"]
    assert split_by(pl.Series(addresses), judge).first["email"].null_count() == 2


ADDRESSES = 15_000  # of each seed; `make fuzz` takes millions


@pytest.mark.parametrize("seed", seeds.ADDRESSES, ids="seed {}".format)
def test_generated_addresses_get_the_library_s_answers(seed):
    result = compare_emails(generate_addresses(ADDRESSES, seed))
    assert result.rows == ADDRESSES
    assert result.left_to_library < 0.55 * result.rows
    assert result.differences == []


def test_a_wrong_judge_is_caught():
    cells = ["anna@example.com", "é@example.com", "Eva <é@example.com>", "a@é.com; b@é.com"]
    result = compare_emails(cells, judge=lambda address: ("x" + address, None))
    assert len(result.differences) == 4  # the last cell holds two
