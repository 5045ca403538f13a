"""A part of what is known that is older than the rest: it is said, and nobody keeps a wrong value."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory_import.run.lifecycle.result import RunResult
from tests.support.nights import CONTACT, Nights, Row
from tests.support.processes import serving

ANA: Row = ("Ana Smith", "+12025550101", "ana@example.com", "Rome")
BOB: Row = ("Bob Lee", "+12025550102", "bob@example.com", "Oslo")
MOVED: Row = (*ANA[:3], "Turin")
CARA: Row = ("Cara Moss", "+12025550103", "cara@example.com", "Bern")


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0) as api:
        yield Nights(tmp_path, api, traits={"Contact": CONTACT, "Account": {"city": "City"}})


def keep(nights: Nights) -> tuple[Path, Path]:
    """The table of persons of the only spec, and a copy of it."""
    (persons,) = (nights.folder / "state" / "known").glob("*/*/persons")
    return persons, Path(shutil.copytree(persons, nights.folder / "copy"))


def put_back(persons: Path, copy: Path) -> None:
    shutil.rmtree(persons)
    copy.rename(persons)


def rows_of(result: RunResult) -> dict[str, int]:
    """The rows by outcome."""
    rows = result.report["loads"]["profiles"]["rows"]
    return {outcome: count for outcome, count in rows.items() if count and outcome != "read"}


def forgotten(result: RunResult) -> list[str]:
    remarks = result.report["loads"]["profiles"]["remarks"]
    return [remark for remark in remarks if "is not known any more" in remark]


def cities(nights: Nights) -> list[str]:
    """The city of everybody in the store, by name."""
    profiles = sorted(nights.api.profiles(), key=lambda one: str(one["traits"]["Contact"]["firstName"]))
    return [one["traits"]["Account"]["city"] for one in profiles]


def test_an_older_copy_of_persons_is_said_and_all_is_sent_again(nights: Nights) -> None:
    nights.run(ANA, BOB)
    table, copy = keep(nights)
    second = nights.run(MOVED, BOB, CARA)
    assert cities(nights) == ["Turin", "Oslo", "Bern"]
    put_back(table, copy)
    third = nights.run(ANA, BOB, CARA)  # as the copy has it, and the store has not
    assert (rows_of(third), cities(nights)) == ({"completed": 3}, ["Rome", "Oslo", "Bern"])
    (said,) = forgotten(third)
    assert second.report["run_id"] in said
    fourth = nights.run(ANA, BOB, CARA)
    assert (rows_of(fourth), forgotten(fourth)) == ({"unchanged": 3}, [])


def test_what_is_of_the_last_whole_run_is_no_older_copy(nights: Nights) -> None:
    nights.run(ANA, BOB)
    nights.run(MOVED, BOB, limit=1)
    nights.run(ANA, spec="shop")
    again = nights.run(MOVED, BOB)
    assert (rows_of(again), forgotten(again)) == ({"unchanged": 2}, [])
