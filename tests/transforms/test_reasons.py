"""Every code has its sentence."""

import pytest

from transforms.reasons import DROPPED, WORDING, Change, Reason, explain_code
from transforms.refusals import SEPARATOR


def test_every_reason_and_change_has_a_wording_of_its_own():
    assert set(WORDING) == {*Reason, *Change}
    assert len(set(WORDING.values())) == len(WORDING)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_dropped_value_is_explained_by_its_reason(reason):
    assert WORDING[reason] in explain_code(DROPPED + reason)


def test_a_code_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        explain_code("no_such_code")


def test_no_wording_breaks_the_alignment_of_joined_reasons():
    assert [text for text in WORDING.values() if SEPARATOR in text] == []
