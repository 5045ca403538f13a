"""Every code that a report can hold has a sentence."""

import polars as pl
import pytest

from memory_import.columns import DISPUTE_WORDING, EXCLUSION_WORDING, KEPT_WORDING, Dispute, Exclusion, Kept
from memory_import.errors import UsageProblem
from memory_import.run.advice import CELLS
from memory_import.run.explain import code_tables, describe_code, explain_code
from memory_import.sources.errors import REJECT_WORDING, RejectCode
from memory_import.transforms.codes import DROPPED, WORDING, Change, Reason
from memory_import.transforms.emails import normalise_emails
from memory_import.transforms.phones import normalise_phones


@pytest.mark.parametrize("code", [*Reason, *Change])
def test_a_reason_or_a_change_is_explained_by_its_wording(code: str) -> None:
    assert explain_code(code) == WORDING[code]


@pytest.mark.parametrize("reason", list(Reason))
def test_a_dropped_value_is_explained_by_its_reason(reason: Reason) -> None:
    assert explain_code(DROPPED + reason) == f"left out: {WORDING[reason]}"


@pytest.mark.parametrize("code", list(RejectCode))
def test_a_row_that_cannot_be_read_is_explained(code: RejectCode) -> None:
    assert explain_code(code) == REJECT_WORDING[code]


@pytest.mark.parametrize("code", ["123456", "http_400"])
def test_other_codes_are_the_server_s(code: str) -> None:
    assert "refused by the server" in explain_code(code)


@pytest.mark.parametrize("code", list(Exclusion))
def test_a_row_that_is_left_out_is_explained(code: Exclusion) -> None:
    assert explain_code(code) == EXCLUSION_WORDING[code]


@pytest.mark.parametrize("code", list(Kept))
def test_why_a_profile_is_left_alone_is_explained(code: Kept) -> None:
    assert explain_code(code) == KEPT_WORDING[code]


@pytest.mark.parametrize("code", list(Dispute))
def test_why_a_value_is_in_dispute_is_explained(code: Dispute) -> None:
    assert explain_code(code) == DISPUTE_WORDING[code]


@pytest.mark.parametrize("code", CELLS)
def test_the_example_of_a_code_is_a_cell_that_gets_it(code: str) -> None:
    cell, result = CELLS[code]
    cells = pl.Series([cell])
    region = None if code == Reason.PHONE_NO_REGION else "US"
    is_phone = code.startswith("phone")
    verdict = (
        normalise_phones(cells, pl.Series([region], dtype=pl.String)) if is_phone else normalise_emails(cells)
    )
    assert verdict.row(0) == (result, code)


@pytest.mark.parametrize("code", [code for codes in code_tables().values() for code in codes])
def test_every_code_has_its_meaning_and_something_to_do(code: str) -> None:
    document, text = describe_code(code)
    assert document["meaning"] == explain_code(code)
    assert document["what_to_do"].endswith(".")
    assert text.splitlines()[0] == code
    assert f"what to do:  {document['what_to_do']}" in text


@pytest.mark.parametrize(
    ("typo", "nearest"),
    [
        ("phone_to_short", "Did you mean phone_too_short or "),
        ("Email-Masked", "Did you mean email_masked"),
        ("xyzzy", "docs/codes.md lists all codes"),
    ],
)
def test_what_is_no_code_is_refused_with_the_nearest(typo: str, nearest: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        describe_code(typo)
    assert nearest in refused.value.problems[0]


@pytest.mark.parametrize("code", ["http_422", "20404", "345678", "operation_failed"])
def test_codes_of_the_service_are_explained_as_its_own(code: str) -> None:
    _, text = describe_code(code)
    assert "service" in text
