"""A value that strangers claim on different nights: they add up, in whatever order they come."""

import csv
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from memory_import.ledger.known.store import CONTESTED
from memory_import.ledger.known.table import Table
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.workplace import STORE, Workplace, rows_of

Row = tuple[str, str, str]  # name, phone, email
OFFICE = "+12025550100"
ANA: Row = ("Ana Smith", OFFICE, "ana@example.com")
BOB: Row = ("Bob Lee", OFFICE, "bob@example.com")


def word(number: int) -> str:
    """A name that is inside no other one of the same length."""
    return "".join("bcdfghjklm"[int(digit)] for digit in f"{number:05}")


def strangers(first: int, count: int, *, email: bool = True, name: bool = True) -> list[Row]:
    """People at one number."""
    return [
        (f"{word(n)} {word(n)}" if name else "", OFFICE, f"c{n}@example.com" if email else "")
        for n in range(first, first + count)
    ]


def night(workplace: Workplace, *rows: Row, action: Action = Action.RUN, **profiles: Any) -> RunResult:
    """A run of these rows."""
    with (workplace.folder / "customers.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("Name", "Phone", "Email"), *rows])
    contact = {
        "name": "Name",
        "phone": {"column": "Phone", "type": "phone"},
        "email": {"column": "Email", "type": "email"},
    }
    body = {
        "source": "customers.csv",
        "traits": {"Contact": contact},
        "identifiers": ["Contact.phone", "Contact.email"],
        **profiles,
    }
    document = {"version": 1, "store": STORE, "name": "nights", "profiles": body}
    (workplace.folder / "spec.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return workplace.carry_out(workplace.request(emulator=True, keep=True, action=action))


def left_out(result: RunResult) -> dict[str, int]:
    """Why phones were left out, and how often."""
    dropped: dict[str, int] = result.report["loads"]["profiles"]["traits"]["Contact.phone"]["dropped"]
    return dropped


def phones_sent(result: RunResult) -> int:
    """How many phones left."""
    return int(result.report["loads"]["profiles"]["traits"]["Contact.phone"]["sent"])


def reasons(result: RunResult) -> set[str]:
    """The reasons in `conflicts.csv`."""
    with (Path(result.folder) / "conflicts.csv").open(newline="") as stream:
        return {line["reason"] for line in csv.DictReader(stream)}


def kept_claims(result: RunResult) -> int:
    """How many claims are kept after a run."""
    [folder] = (Path(result.folder) / "known").glob("*/*/contested")
    return Table(folder, CONTESTED).rows


KINDS = {
    "with emails": ({}, [0, 8]),
    "the other way round": ({}, [8, 0]),
    "with nothing else": ({"email": False}, [0, 8]),
    "without names": ({"name": False}, [0, 8]),
}


@pytest.mark.parametrize(("kind", "nights"), KINDS.values(), ids=KINDS)
def test_strangers_of_several_nights_add_up_to_too_many(
    workplace: Workplace, kind: dict[str, bool], nights: list[int]
) -> None:
    first, second = (strangers(number, 8, **kind) for number in nights)
    assert set(left_out(night(workplace, *first))) == {"identifier_contested"}
    later = night(workplace, *random.Random(1).sample(second, 8))
    assert left_out(later) == {"identifier_shared": 8}
    assert kept_claims(later) == 11


def test_eighty_people_on_several_nights_are_not_one_profile(workplace: Workplace) -> None:
    for first in (0, 40):
        result = night(workplace, *strangers(first, 40))
        assert (rows_of(result), phones_sent(result)) == ({"read": 40, "completed": 40}, 0)
        assert kept_claims(result) == 11
    alone = night(workplace, *strangers(80, 1))
    assert (left_out(alone), phones_sent(alone)) == ({"identifier_shared": 1}, 0)


def test_the_same_people_every_night_do_not_add_up(workplace: Workplace) -> None:
    nameless = [(name, "+12025550199", email) for name, _, email in strangers(20, 8, name=False)]
    for rows in (strangers(0, 8), nameless):
        for _ in range(2):
            result = night(workplace, *rows)
            assert left_out(result) == {"identifier_contested": 8}


def test_who_claims_a_number_no_more_gives_it_up(workplace: Workplace) -> None:
    assert phones_sent(night(workplace, ANA, BOB)) == 0
    alone = night(workplace, ANA)
    assert (phones_sent(alone), reasons(alone)) == (0, {"claimed_before"})
    assert phones_sent(night(workplace, ANA, (BOB[0], "+12025550102", BOB[2]))) == 2
    assert kept_claims(night(workplace, ANA)) == 0


def test_rejected_rows_can_be_put_right_and_fed_back(workplace: Workplace) -> None:
    refused = night(workplace, (*ANA[:2], ""), (*BOB[:2], ""))
    assert rows_of(refused) == {"read": 2, "rejected": 2}
    mended = night(workplace, (*ANA[:2], ""), (BOB[0], "+12025550102", ""))
    assert (rows_of(mended), phones_sent(mended)) == ({"read": 2, "completed": 2}, 2)


def test_a_plan_and_a_run_that_was_stopped_keep_no_claims(workplace: Workplace) -> None:
    planned = night(workplace, *strangers(0, 8), action=Action.PLAN)
    assert not (Path(planned.folder) / "known").exists()
    many = strangers(0, 150)
    stopped = night(workplace, *many)
    assert stopped.problem is not None
    assert stopped.problem.exit_code == 3
    assert list((Path(stopped.folder) / "known").glob("*/*/contested")) == []
