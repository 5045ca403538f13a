"""Every code that a report can hold has a sentence."""

import pytest

from memory_import.columns import EXCLUSION_WORDING, Exclusion
from memory_import.run.explain import explain_code
from memory_import.sources.errors import REJECT_WORDING, RejectCode
from memory_import.transforms.codes import DROPPED, WORDING, Change, Reason


@pytest.mark.parametrize("code", [*Reason, *Change])
def test_a_reason_or_a_change_is_explained_by_its_wording(code: str) -> None:
    assert explain_code(code) == WORDING[code]


@pytest.mark.parametrize("reason", list(Reason))
def test_a_dropped_value_is_explained_by_its_reason(reason: Reason) -> None:
    assert explain_code(DROPPED + reason) == f"left out: {WORDING[reason]}"


@pytest.mark.parametrize("code", list(RejectCode))
def test_a_row_that_cannot_be_read_is_explained(code: RejectCode) -> None:
    assert explain_code(code) == REJECT_WORDING[code]


@pytest.mark.parametrize("code", ["520010", "http_400", "operation_failed"])
def test_other_codes_are_the_server_s(code: str) -> None:
    assert "refused by the server" in explain_code(code)


@pytest.mark.parametrize("code", list(Exclusion))
def test_a_row_that_is_left_out_is_explained(code: Exclusion) -> None:
    assert explain_code(code) == EXCLUSION_WORDING[code]
