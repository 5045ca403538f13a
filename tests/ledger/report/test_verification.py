"""What the report says of reading back."""

import csv
from pathlib import Path

import polars as pl
import pytest

from memory_import.ledger.report.verification import (
    describe_in_words,
    describe_verification,
    write_differences,
)
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import (
    Difference,
    Finding,
    Verdict,
    Verification,
    note_findings,
    write_verification,
)


def bounds(wrong: int, read: int) -> tuple[float, float]:
    return wrong / read, 0.5


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    staged = Staging(tmp_path / "profiles")
    staged.begin()
    rows = {"_pos": [0, 1, 2, 3], "_file": ["a.csv"] * 4, "_row": [1, 2, 3, 4]}
    staged.draft_part(0, pl.DataFrame(rows))
    staged.settle_part(0)
    return staged


def find(staging: Staging, number: int, *verdicts: Verdict, is_random: bool = True) -> None:
    differences = (Difference("Contact.firstName", "Zoë", ["x", None]),)
    note_findings(
        staging,
        [
            Finding(
                number=number,
                pos=pos,
                verdict=verdict,
                profile_id=None if verdict is Verdict.MISSING else f"mem_profile_{pos}",
                is_random=is_random,
                lookups=2,
                differences=differences if verdict is Verdict.DIFFERENT else (),
            )
            for pos, verdict in enumerate(verdicts)
        ],
    )


def test_nothing_is_said_where_nothing_was_read_back(staging: Staging, tmp_path: Path) -> None:
    assert describe_verification(staging, bounds) is None
    write_differences(staging, tmp_path / "differences.csv")
    assert not (tmp_path / "differences.csv").exists()


def test_the_last_verification_is_counted_and_no_earlier_one(staging: Staging) -> None:
    find(staging, 1, Verdict.EQUAL, Verdict.EQUAL, Verdict.EQUAL, Verdict.MISSING)
    find(staging, 2, Verdict.EQUAL, Verdict.DIFFERENT, Verdict.MISSING)
    verification = Verification(number=2, sample=4, landed=100, unchanged=0, planned=4)
    write_verification(staging, verification)
    section = describe_verification(staging, bounds)
    assert section is not None
    assert {name: section[name] for name in ("read", "equal", "different", "missing", "merged", "wrong")} == {
        "read": 3, "equal": 1, "different": 1, "missing": 1, "merged": 0, "wrong": 2,
    }  # fmt: skip
    assert section["rate"] == {"drawn": 3, "wrong": 2, "low": 0.666667, "high": 0.5}
    assert section["differences"] == {"Contact.firstName": 1}
    assert section["billing"] == {"lookups": 6, "profiles_read": 2}
    assert any("not read yet: 1" in line for line in describe_in_words("profiles", section))


def test_rows_that_were_chosen_for_their_kind_say_nothing_of_all(staging: Staging) -> None:
    find(staging, 1, Verdict.MISSING, is_random=False)
    find(staging, 1, *[Verdict.MISSING], is_random=False)
    note_findings(staging, [Finding(number=1, pos=3, verdict=Verdict.EQUAL, profile_id="p", is_random=True)])
    write_verification(staging, Verification(number=1, sample=1, landed=4, unchanged=0, planned=2))
    section = describe_verification(staging, bounds)
    assert section is not None
    assert (section["wrong"], section["rate"]["drawn"], section["rate"]["wrong"]) == (1, 1, 0)


def test_every_difference_has_its_line(staging: Staging, tmp_path: Path) -> None:
    find(staging, 1, Verdict.EQUAL, Verdict.DIFFERENT, Verdict.MISSING)
    write_verification(staging, Verification(number=1, sample=None, landed=3, unchanged=0, planned=3))
    write_differences(staging, tmp_path / "differences.csv")
    with (tmp_path / "differences.csv").open(newline="") as lines:
        assert list(csv.reader(lines)) == [
            ["_file", "_row", "_verdict", "_what", "_sent", "_found"],
            ["a.csv", "2", "different", "Contact.firstName", '"Zoë"', '["x", null]'],
            ["a.csv", "3", "missing", "", "", ""],
        ]
