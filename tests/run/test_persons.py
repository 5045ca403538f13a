"""Nobody is merged by accident: what a run makes of values that several people share."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from memory_import.run.lifecycle.result import RunResult
from memory_import.run.request import Action
from tests.support.workplace import STORE, Workplace, rows_of

Row = tuple[str, str, str, str]  # first name, last name, phone, email
SWITCHBOARD, MAILBOX = "+12025550100", "info@company.com"
NAMES = {"firstName": "First", "lastName": "Last"}
MANY = 5_000


def write(folder: Path, rows: Sequence[Row], names: dict[str, str] = NAMES, **profiles: Any) -> None:
    with (folder / "customers.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("First", "Last", "Phone", "Email"), *rows])
    contact = {
        **names,
        "phone": {"column": "Phone", "type": "phone"},
        "email": {"column": "Email", "type": "email"},
    }
    body = {
        "source": "customers.csv",
        "region": {"default": "US"},
        "traits": {"Contact": contact},
        "identifiers": ["Contact.phone", "Contact.email"],
        **profiles,
    }
    spec = {"version": 1, "store": STORE, "profiles": body}
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def persons_of(result: RunResult) -> dict[str, int]:
    persons: dict[str, int] = result.report["loads"]["profiles"]["persons"]
    return persons


def read_csv(result: RunResult, name: str) -> list[dict[str, str]]:
    with (Path(result.folder) / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def word(number: int) -> str:
    """A name that is inside no other one of the same length."""
    return "".join("bcdfghjklm"[int(digit)] for digit in f"{number:05}")


def make_customers(shared: str) -> list[Row]:
    """5,000 customers of whom 300 state one address and 200 one phone."""
    rows = []
    for number in range(MANY):
        phone, email = f"+1202{4_130_000 + number}", f"c{number}@example.com"
        if number < 300:
            email = (
                MAILBOX,
                "INFO@company.com",
                "Info@Company.com",
                " info@company.com",
                "info@COMPANY.com",
            )[number % 5 if shared == "five spellings" else 0]
            phone = phone if shared in ("own values", "five spellings") or number % 3 == 0 else ""
            phone = "" if shared == "alone" else phone
        elif number < 500:
            phone = ("+12025550100", "(202) 555-0100", "202.555.0100", "1 202 555 0100", "2025550100")[
                number % 5 if shared == "five spellings" else 0
            ]
            email = email if shared in ("own values", "five spellings") or number % 3 == 0 else ""
            email = "" if shared == "alone" else email
        if shared == "one with both" and number == 299:
            phone = SWITCHBOARD
        rows.append((word(number), f"l{word(number)}", phone, email))
    return rows


@pytest.mark.parametrize(
    "shared", ["alone", "some own values", "one with both", "own values", "five spellings"]
)
def test_of_5_000_rows_no_strangers_are_merged_and_their_own_values_are_sent(
    workplace: Workplace, shared: str
) -> None:
    customers = make_customers(shared)
    write(workplace.folder, customers)
    result = workplace.carry_out()

    is_left = [
        number >= 500 or any(value and value not in (MAILBOX, SWITCHBOARD) for value in row[2:])
        for number, row in enumerate(customers)
    ]
    kept = MANY if shared == "five spellings" else sum(is_left)
    assert rows_of(result) == {
        "read": MANY,
        "completed": kept,
        **({"rejected": MANY - kept} if kept < MANY else {}),
    }
    assert persons_of(result)["total"] == kept
    assert (persons_of(result)["largest"], persons_of(result)["shared_values"]) == (1, 2)
    listed = [
        (row["value"], row["rows"], row["people"]) for row in read_csv(result, "shared-identifiers.csv")
    ]
    phones = "201" if shared == "one with both" else "200"
    assert listed == [(MAILBOX, "300", "300"), (SWITCHBOARD, phones, phones)]
    assert {row["_code"] for row in read_csv(result, "dropped.csv")} == {"identifier_shared"}
    traits = result.report["loads"]["profiles"]["traits"]
    assert traits["Contact.email"]["dropped"] == {"identifier_shared": 300}
    for row in read_csv(result, "rejects.csv"):
        assert row["_error_code"] == "only_shared_identifiers"
        assert MAILBOX in row["_error_message"] or SWITCHBOARD in row["_error_message"]


def test_what_identifies_nobody_is_left_out_and_its_rows_go_by_their_own_values(workplace: Workplace) -> None:
    rows = [(word(n), word(n), "+1 212 555 1212", f"c{n}@example.com") for n in range(3)]
    rows += [(word(n), word(n), f"+1202555012{n}", "no-reply@company.com") for n in range(3, 6)]
    rows += [("Ann", "Lee", "", "boss@company.com"), ("Ann", "Lee", "+12025550131", "boss@company.com")]
    write(workplace.folder, rows, persons={"block": ["Boss@Company.com"]})
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 8, "completed": 7, "rejected": 1}
    traits = result.report["loads"]["profiles"]["traits"]
    assert traits["Contact.phone"]["dropped"] == {"identifier_blocked": 3}
    assert traits["Contact.email"]["dropped"] == {"identifier_blocked": 5}
    (rejected,) = read_csv(result, "rejects.csv")
    assert rejected["_error_code"] == "only_shared_identifiers"
    assert "boss@company.com" in rejected["_error_message"]


def test_a_column_of_few_owners_each_is_doubted(workplace: Workplace) -> None:
    rows = [(word(n), word(n), f"+1202{4_130_000 + n}", f"owner{n // 4}@example.com") for n in range(120)]
    write(workplace.folder, rows)
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 120, "completed": 120}
    (remark,) = result.report["loads"]["profiles"]["remarks"]
    assert "profiles.traits.Contact.email: 120 of 120 rows hold a value that people claim" in remark


OFFICE = [
    (first, last, SWITCHBOARD, "office@example.com")
    for first, last in [("Ann", "Lee"), ("Bob", "Kay"), ("Cy", "Day"), ("Di", "Fox"), ("Ed", "Gray")]
]


@pytest.mark.parametrize(
    ("on_conflict", "rows"),
    [
        ("separate", {"read": 7, "completed": 1, "merged": 1, "rejected": 5}),
        ("merge", {"read": 7, "completed": 2, "merged": 5}),
        ("reject", {"read": 7, "completed": 1, "merged": 1, "rejected": 5}),
    ],
)
def test_two_shared_values_prove_no_more_than_one(
    workplace: Workplace, on_conflict: str, rows: dict[str, int]
) -> None:
    order = [("Flo", "Hart", "+12025550140", ""), ("Flo", "Hart", "+12025550140", "flo@example.com")]
    write(workplace.folder, [*OFFICE, *order], persons={"on_conflict": on_conflict})
    result = workplace.carry_out()

    assert rows_of(result) == rows
    reasons = {"separate": {"only_shared_identifiers": 5}, "reject": {"identifier_contested": 5}, "merge": {}}
    assert result.report["loads"]["profiles"]["reject_reasons"] == reasons[on_conflict]
    conflicts = read_csv(result, "conflicts.csv")
    assert len(conflicts) == (0 if on_conflict == "merge" else 10)
    if conflicts:
        assert {row["name"] for row in conflicts} == {" ".join(row[:2]) for row in OFFICE}
        assert [(row["conflict"], row["row"]) for row in conflicts if row["id_type"] == "email"] == [
            ("1", str(row)) for row in range(1, 6)
        ]
        assert persons_of(result)["conflicts"] == 2


def test_rows_of_a_contested_value_are_sent_by_their_own(workplace: Workplace) -> None:
    rows = [(first, last, f"+1202555015{n}", email) for n, (first, last, _, email) in enumerate(OFFICE)]
    write(workplace.folder, rows)
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 5, "completed": 5}
    assert result.report["loads"]["profiles"]["traits"]["Contact.email"]["dropped"] == {
        "identifier_contested": 5
    }


def test_a_note_for_a_value_that_nobody_got_has_no_profile(workplace: Workplace) -> None:
    """The rows that state the value landed without it: nothing is to be waited for."""
    contested = "reception@company.example.com"
    rows = [(first, last, f"+1202555014{n}", contested) for n, (first, last, _, _) in enumerate(OFFICE)]
    write(workplace.folder, rows)
    notes = f"Email,Phone,Note,At\n{contested},,about nobody,2026-01-02\n,{rows[0][2]},about one,2026-01-02\n"
    (workplace.folder / "notes.csv").write_text(notes)
    spec = yaml.safe_load((workplace.folder / "spec.yaml").read_text())
    spec["observations"] = {
        "source": "notes.csv",
        "profile": {"email": "Email", "phone": "Phone"},
        "content": "Note",
        "occurred_at": {"column": "At", "format": "%Y-%m-%d", "timezone": "UTC"},
        "observation_source": "crm",
    }
    (workplace.folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    result = workplace.carry_out()

    notes_load = result.report["loads"]["observations"]
    assert {outcome: count for outcome, count in notes_load["rows"].items() if count} == {
        "read": 2,
        "accepted": 1,
        "rejected": 1,
    }
    assert notes_load["reject_reasons"] == {"profile_not_found": 1}
    assert result.report["exit_code"] == 1


def test_without_names_people_are_told_apart_by_their_values(workplace: Workplace) -> None:
    rows = [("", "", f"+1202555016{n}", "office@example.com") for n in range(8)]
    rows += [("", "", "+12025550170", "ann@example.com"), ("", "", "", "ann@example.com")]
    write(workplace.folder, rows, names={})
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 10, "completed": 9, "merged": 1}


def test_fifty_orders_are_one_person_and_rows_that_disagree_are_counted(workplace: Workplace) -> None:
    write(
        workplace.folder,
        [("Ann", "Lee" if n else "LEE", "+12025550171", "ann@example.com") for n in range(50)],
    )
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 50, "completed": 1, "merged": 49}
    assert persons_of(result)["largest"] == 50
    (remark,) = result.report["loads"]["profiles"]["remarks"]
    assert remark.startswith(
        "People whose rows disagree in a value: 1; their winner follows the file's order"
    )


def test_the_owners_address_in_place_of_the_customers_stops_the_run(workplace: Workplace) -> None:
    rows = [(word(n), word(n), f"+1202{4_130_000 + n}", f"owner{n % 20}@company.com") for n in range(400)]
    write(workplace.folder, rows)
    plan = workplace.carry_out(workplace.request(action=Action.PLAN))

    assert plan.problem is not None
    assert plan.report["exit_code"] == 3
    assert "profiles.traits.Contact.email: 400 of 400 rows" in str(plan.problem)
    assert "xxxxx9@xxxxxxx.xxx in 20 rows" in str(plan.problem)
    assert "owner0@company.com" not in str(plan.problem)
    assert "`max_shared: 100%` in profiles.persons" in str(plan.problem)
    assert plan.report["spec_lines"] == [
        "another column in profiles.traits.Contact.email, or `max_shared: 100%` in profiles.persons"
    ]
    assert plan.report["option"] is None

    write(workplace.folder, rows, persons={"max_shared": "100%"})
    assert rows_of(workplace.carry_out()) == {"read": 400, "completed": 400}


def test_a_further_address_takes_the_place_of_one_that_is_left_out(workplace: Workplace) -> None:
    rows = [(word(n), word(n), "", f"office@example.com; c{n}@example.com") for n in range(4)]
    write(workplace.folder, rows)
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 4, "completed": 4}
    email = result.report["loads"]["profiles"]["traits"]["Contact.email"]
    assert email["dropped"] == {"identifier_contested": 4}
    assert email["others"]["sent"] == 4


def test_further_values_are_announced_and_what_cannot_be_tied_is_named(workplace: Workplace) -> None:
    rows = [("Ann", "Lee", "+12025550171", f"ann{n}@example.com") for n in range(3)]
    rows += [("Bob", "Kay", "", "bob@example.com; bob.kay@example.com")]
    write(workplace.folder, rows)
    result = workplace.carry_out()

    assert rows_of(result) == {"read": 4, "completed": 2, "merged": 2}
    remark = result.report["loads"]["profiles"]["remarks"][0]
    assert remark.startswith("Further identifier values of people: 2, each a billed operation")
    assert "in 3 rounds" in remark
    (dropped,) = read_csv(result, "dropped.csv")
    assert (dropped["_row"], dropped["_code"]) == ("4", "identifier_untied")
