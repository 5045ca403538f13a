"""What was read back is kept beside the rows; the last word about a row counts."""

import stat
from pathlib import Path

from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import (
    Difference,
    Finding,
    Verdict,
    Verification,
    find_refuted,
    find_verified,
    note_findings,
    read_findings,
    read_verification,
    write_verification,
)


def finding(pos: int, verdict: Verdict, number: int = 1, *differences: Difference) -> Finding:
    return Finding(number=number, pos=pos, verdict=verdict, profile_id=None, differences=differences)


def test_nothing_was_read_back_of_a_load_that_nobody_has_verified(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    assert read_verification(staging) is None
    assert read_findings(staging) == {}
    assert find_verified(staging).to_list() == find_refuted(staging).to_list() == []


def test_what_is_kept_is_what_was_found(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    sent = Difference("Contact.firstName", "Zoë \ud800\n", ["a", 1, True, None])
    kept = finding(7, Verdict.DIFFERENT, 1, sent)
    note_findings(staging, [kept])
    assert read_findings(staging) == {7: kept}
    assert stat.S_IMODE((tmp_path / "verdicts.jsonl").stat().st_mode) == 0o600


def test_the_last_word_about_a_row_counts(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    note_findings(
        staging, [finding(9, Verdict.EQUAL), finding(2, Verdict.MISSING), finding(5, Verdict.MERGED)]
    )
    note_findings(staging, [finding(2, Verdict.EQUAL, 2), finding(9, Verdict.CHANGED_SINCE, 2)])
    assert find_verified(staging).to_list() == [2]
    assert find_refuted(staging).to_list() == [5]


def test_a_line_that_a_crash_cut_off_costs_itself_alone(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    note_findings(staging, [finding(1, Verdict.EQUAL)])
    with (tmp_path / "verdicts.jsonl").open("a") as stream:
        stream.write('\n{"number": 1, "pos": 2, "ver')
    note_findings(staging, [finding(3, Verdict.EQUAL)])
    assert find_verified(staging).to_list() == [1, 3]


def test_where_a_verification_stands_is_kept(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    verification = Verification(number=2, sample=None, landed=10, unchanged=4, planned=14)
    write_verification(staging, verification)
    assert read_verification(staging) == verification
