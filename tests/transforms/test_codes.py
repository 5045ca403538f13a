"""Every code has its sentence."""

from memory_import.transforms.codes import WORDING, Change, Reason
from memory_import.transforms.rejects import SEPARATOR


def test_every_reason_and_change_has_a_wording_of_its_own():
    assert set(WORDING) == {*Reason, *Change}
    assert len(set(WORDING.values())) == len(WORDING)


def test_no_wording_breaks_the_alignment_of_joined_reasons():
    assert [text for text in WORDING.values() if SEPARATOR in text] == []
