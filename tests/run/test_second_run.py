"""The run after the first one: what is known is not sent again, and nobody gets what another one holds."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from memory_import.ledger.staging.staged import Staging
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.loads.stored_values import read_entries
from memory_import.run.request import Action
from memory_import.spec.file import load_spec
from memory_import.spec.plans import profile_plan
from tests.support.workplace import STORE, Workplace, rows_of

Row = tuple[str, str, str, str]  # name, phones, email, city
TRAITS = {
    "Contact": {
        "name": "Name",
        "phone": {"column": "Phone", "type": "phone", "separator": ";"},
        "email": {"column": "Email", "type": "email"},
    },
    "Account": {"city": "City"},
}
ANA: Row = ("Ana Smith", "+12025550101", "ana@example.com", "Rome")
BOB: Row = ("Bob Lee", "+12025550102", "bob@example.com", "Oslo")


def write(folder: Path, *rows: Row, spec: str = "spec.yaml", **profiles: Any) -> None:
    """The input of tonight, and a spec of it."""
    with (folder / "customers.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("Name", "Phone", "Email", "City"), *rows])
    body = {"source": "customers.csv", "region": {"default": "US"}, "traits": TRAITS, **profiles}
    body.setdefault("identifiers", ["Contact.phone", "Contact.email"])
    document = {"version": 1, "store": STORE, "name": spec, "profiles": body}
    (folder / spec).write_text(yaml.safe_dump(document, sort_keys=False))


def night(workplace: Workplace, *rows: Row, spec: str = "spec.yaml", **profiles: Any) -> RunResult:
    """A run of these rows."""
    write(workplace.folder, *rows, spec=spec, **profiles)
    return workplace.carry_out(workplace.request(spec_path=workplace.folder / spec, emulator=True, keep=True))


def sent(result: RunResult) -> list[dict[str, Any]]:
    """What was sent, entry by entry in the order of rounds: traits by name."""
    spec = load_spec(Path(result.report["spec"]), {}, is_emulator=False, sources=None)
    assert spec.profiles is not None
    staging, plan = Staging(Path(result.folder) / "profiles"), profile_plan(spec.profiles, identifiers=())
    payloads = [
        payload
        for part in (*staging.merged_parts, *staging.parts)
        for payload in read_entries(staging, plan, part)["_payload"]
    ]
    groups = [json.loads(payload)["traits"] for payload in payloads]
    return [{**one.get("Contact", {}), **one.get("Account", {})} for one in groups]


def whole(row: Row) -> dict[str, str]:
    """All of a row, as it is sent."""
    return {name: value for name, value in zip(("name", "phone", "email", "city"), row, strict=True) if value}


def conflicts(result: RunResult) -> list[tuple[str, str, str]]:
    """`value`, `name`, `reason` of the lines of `conflicts.csv`."""
    with (Path(result.folder) / "conflicts.csv").open(newline="") as stream:
        return [(line["value"], line["name"], line["reason"]) for line in csv.DictReader(stream)]


def test_of_a_changed_person_the_change_goes_and_one_identifier_that_finds_it(workplace: Workplace) -> None:
    assert sent(night(workplace, ANA, BOB)) == [whole(ANA), whole(BOB)]
    second = night(workplace, (*ANA[:3], "Turin"), BOB)
    assert sent(second) == [{"phone": ANA[1], "city": "Turin"}]
    assert rows_of(second) == {"read": 2, "completed": 1, "unchanged": 1}
    traits = second.report["loads"]["profiles"]["traits"]
    assert (traits["Contact.name"]["not_sent"], traits["Account.city"]["sent"]) == (2, 1)
    assert sent(night(workplace, (*ANA[:3], "Turin"), BOB)) == []


NEW_IDENTIFIERS = {
    "another email": (("+12025550101", "new@example.com"), [{"phone": ANA[1], "email": "new@example.com"}]),
    "another phone": (("+12025550109", ANA[2]), [{"phone": "+12025550109", "email": ANA[2]}]),
    "a further phone": (
        ("+12025550101;+12025550109", ANA[2]),
        [{"phone": "+12025550109", "email": ANA[2]}, {"phone": ANA[1], "email": ANA[2]}],
    ),
    "a further phone and another email": (
        ("+12025550101;+12025550109", "new@example.com"),
        [
            {"phone": ANA[1], "email": "new@example.com"},
            {"phone": "+12025550109", "email": "new@example.com"},
            {"phone": ANA[1], "email": "new@example.com"},
        ],
    ),
    "two phones and another email": (
        ("+12025550109;+12025550101", "new@example.com"),
        [
            {"phone": ANA[1], "email": "new@example.com"},
            {"phone": "+12025550109", "email": "new@example.com"},
        ],
    ),
}


@pytest.mark.parametrize(("stated", "expected"), NEW_IDENTIFIERS.values(), ids=NEW_IDENTIFIERS)
def test_a_new_identifier_goes_beside_a_known_one(
    workplace: Workplace, stated: tuple[str, str], expected: list[dict[str, str]]
) -> None:
    night(workplace, ANA)
    row = (ANA[0], *stated, ANA[3])
    assert sent(night(workplace, row)) == expected
    assert sent(night(workplace, row)) == []


def test_a_number_that_somebody_else_is_known_by_is_never_sent(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    moved = (BOB[0], ANA[1], BOB[2], BOB[3])
    second = night(workplace, (ANA[0], "+12025550109", ANA[2], ANA[3]), moved)
    assert sent(second) == [{"phone": "+12025550109", "email": ANA[2]}]
    assert conflicts(second) == [(ANA[1], "Bob Lee", "was_merged")]
    stranger = night(workplace, BOB, ("Cleo Ray", ANA[1], "cleo@example.com", "Bern"))
    assert sent(stranger) == [{"name": "Cleo Ray", "email": "cleo@example.com", "city": "Bern"}]
    assert conflicts(stranger) == [(ANA[1], "Cleo Ray", "known_under_other_name")]


def test_people_who_swap_their_numbers_keep_their_profiles(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    second = night(workplace, (ANA[0], BOB[1], *ANA[2:]), (BOB[0], ANA[1], *BOB[2:]))
    assert sent(second) == []
    assert {reason for _, _, reason in conflicts(second)} == {"was_merged"}


def test_rows_that_were_one_person_by_mistake_go_on_with_who_agrees_in_name(workplace: Workplace) -> None:
    wrong = (ANA[0], ANA[1], BOB[2], ANA[3])
    night(workplace, wrong)
    second = night(workplace, ANA, BOB)
    assert sent(second) == [
        {"phone": ANA[1], "email": ANA[2]},
        {"name": "Bob Lee", "phone": BOB[1], "city": "Oslo"},
    ]
    assert conflicts(second) == [(BOB[2], "Bob Lee", "was_merged")]


def test_known_people_of_one_name_are_one_when_a_row_says_so(workplace: Workplace) -> None:
    night(workplace, (ANA[0], ANA[1], "", ANA[3]), (ANA[0], "", ANA[2], "Turin"))
    second = night(workplace, (*ANA[:3], "Turin"))
    assert sent(second) == [whole((*ANA[:3], "Turin"))]
    assert sorted(conflicts(second)) == [
        (ANA[1], "Ana Smith", "merges_known"),
        (ANA[2], "Ana Smith", "merges_known"),
    ]
    assert sent(night(workplace, (*ANA[:3], "Turin"))) == []


def test_a_row_between_two_known_people_goes_on_with_the_earliest(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    second = night(workplace, ("", ANA[1], BOB[2], "Turin"))
    assert sent(second) == [{"phone": ANA[1], "city": "Turin"}]
    assert conflicts(second) == [(BOB[2], "", "known_under_other_name")]


def test_people_without_names_who_swap_a_value_stay_apart(workplace: Workplace) -> None:
    night(workplace, ("", *ANA[1:]), ("", *BOB[1:]))
    second = night(workplace, ("", BOB[1], *ANA[2:]), ("", ANA[1], *BOB[2:]))
    assert sent(second) == []
    assert {value for value, _, _ in conflicts(second)} >= {ANA[1], BOB[1]}


def test_two_specs_on_one_store_never_mix_people(workplace: Workplace) -> None:
    night(workplace, ANA, spec="first.yaml")
    second = night(workplace, ("Bob Lee", ANA[1], BOB[2], "Oslo"), spec="second.yaml")
    assert sent(second) == [{"name": "Bob Lee", "email": BOB[2], "city": "Oslo"}]
    assert conflicts(second) == [(ANA[1], "Bob Lee", "known_under_other_name")]
    same = (ANA[0], ANA[1], "", "Turin")
    assert sent(night(workplace, same, spec="third.yaml")) == [whole(same)]


def persons(result: RunResult) -> dict[str, int]:
    """How many persons are new, changed, unchanged and gone, those that there are."""
    counted = result.report["loads"]["profiles"]["persons"]
    return {name: counted[name] for name in ("new", "changed", "unchanged", "gone") if counted[name]}


def gone(result: RunResult) -> list[tuple[str, str]]:
    """`value`, `last_run` of the lines of `gone.csv`."""
    with (Path(result.folder) / "gone.csv").open(newline="") as stream:
        return [(line["value"], line["last_run"]) for line in csv.DictReader(stream)]


CLEO: Row = ("Cleo Ray", "+12025550103", "cleo@example.com", "Bern")


def test_who_is_gone_is_counted_and_listed_until_they_are_back(workplace: Workplace) -> None:
    first = night(workplace, ANA, BOB, CLEO)
    assert (persons(first), gone(first)) == ({"new": 3}, [])
    expected = [(BOB[2], first.report["run_id"]), (BOB[1], first.report["run_id"])]
    second = night(workplace, (*ANA[:3], "Turin"), CLEO)
    assert (persons(second), gone(second)) == ({"changed": 1, "unchanged": 1, "gone": 1}, expected)
    third = night(workplace, CLEO)
    left = second.report["run_id"]
    assert (persons(third), gone(third)[2:]) == ({"unchanged": 1, "gone": 2}, expected)
    assert gone(third)[:2] == [(ANA[2], left), (ANA[1], left)]
    fourth = night(workplace, BOB, CLEO, (*ANA[:3], "Turin"))
    assert (persons(fourth), gone(fourth), sent(fourth)) == ({"unchanged": 3}, [], [])
    fifth = night(workplace, CLEO, (*ANA[:3], "Turin"))
    assert {run for _, run in gone(fifth)} == {fourth.report["run_id"]}


def test_rejected_excluded_and_suppressed_people_are_not_gone(workplace: Workplace) -> None:
    night(workplace, ANA, BOB, CLEO)
    (workplace.folder / "stop.csv").write_text(CLEO[1] + "\n")
    email = {"column": "Email", "type": "email", "on_invalid": "reject"}
    strict = {**TRAITS, "Contact": {**TRAITS["Contact"], "email": email}}
    rules = {"traits": strict, "where": {"Name": {"not": ["Bob Lee"]}}, "suppress": "stop.csv"}
    second = night(
        workplace, (*ANA[:2], "ana at home", ANA[3]), BOB, ("Dov Katz", "+12025550104", "", "1"), **rules
    )
    assert rows_of(second) == {"read": 3, "completed": 1, "excluded": 1, "rejected": 1}
    assert (persons(second), gone(second)) == ({"new": 1}, [])


def test_a_limited_run_and_a_file_of_changes_make_nobody_gone(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    write(workplace.folder, ANA, BOB)
    limited = workplace.carry_out(workplace.request(emulator=True, keep=True, limit=1))
    assert (persons(limited), gone(limited)) == ({"unchanged": 1}, [])
    changes = night(workplace, ANA, sync={"gone": "ignore"})
    assert (persons(changes), gone(changes)) == ({"unchanged": 1}, [])


def test_a_full_run_sends_everything_again(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    full = workplace.carry_out(workplace.request(emulator=True, keep=True, full=True))
    assert (sent(full), persons(full)) == ([whole(ANA), whole(BOB)], {"changed": 2})
    assert sent(night(workplace, ANA, BOB)) == []


def test_who_comes_back_under_another_name_is_the_same_where_the_spec_says_so(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    married = ("Ana Jones", *ANA[1:])
    refused = night(workplace, married, BOB)
    assert (rows_of(refused), sent(refused)) == ({"read": 2, "unchanged": 1, "rejected": 1}, [])
    assert conflicts(refused)[0] == (ANA[2], "Ana Jones", "known_under_other_name")
    taken = night(workplace, married, BOB, persons={"on_renamed": "same"})
    assert sent(taken) == [{"name": "Ana Jones", "phone": ANA[1]}]
    assert sent(night(workplace, married, BOB)) == []


def test_of_several_new_names_the_one_that_shares_most_is_the_known_person(workplace: Workplace) -> None:
    given_on = "+12025550109"
    night(workplace, (ANA[0], given_on, *ANA[2:]), BOB)
    night(workplace, ANA, BOB)
    married, newcomer = ("Ana Jones", *ANA[1:]), ("Cara Moss", given_on, "cara@example.com", "Bern")
    third = night(workplace, newcomer, married, BOB, persons={"on_renamed": "same"})
    assert sent(third) == [
        {"name": "Cara Moss", "email": "cara@example.com", "city": "Bern"},
        {"name": "Ana Jones", "phone": ANA[1]},
    ]
    assert [(value, name) for value, name, _ in conflicts(third)] == [(given_on, "Cara Moss")]


def test_who_married_and_changed_her_number_is_not_gone_when_somebody_else_has_the_former_one(
    workplace: Workplace,
) -> None:
    renames = {"on_renamed": "same"}
    night(workplace, ANA, BOB)
    married, newcomer = ("Ana Jones", "+12025550109", *ANA[2:]), ("Cara Moss", ANA[1], "cara@example.com", "")
    second = night(workplace, newcomer, married, BOB, persons=renames)
    assert (persons(second), gone(second)) == ({"new": 1, "changed": 1, "unchanged": 1}, [])
    assert conflicts(second)[0][:2] == (ANA[1], "Cara Moss")


def test_who_may_be_there_under_another_name_is_not_gone_and_a_number_alone_makes_nobody_the_same(
    workplace: Workplace,
) -> None:
    night(workplace, ANA, BOB)
    one, other = ("Ana Jones", ANA[1], "one@example.com", ""), ("Ana Moss", "", ANA[2], "")
    assert gone(night(workplace, one, other, BOB)) == []
    stranger = ("Cara Moss", ANA[1], "cara@example.com", "")
    second = night(workplace, stranger, BOB, persons={"on_renamed": "same"})
    assert {value for value, _ in gone(second)} >= {ANA[1], ANA[2]}


def test_a_number_that_another_spec_alone_knows_makes_nobody_the_same(workplace: Workplace) -> None:
    other_number = (ANA[0], "+12025550109", *ANA[2:])
    night(workplace, other_number, BOB)
    night(workplace, ANA, spec="shop.yaml")
    married, newcomer = ("Ana Jones", *other_number[1:]), ("Cara Moss", ANA[1], "cara@example.com", "Bern")
    second = night(workplace, married, newcomer, BOB, persons={"on_renamed": "same"})
    assert whole((newcomer[0], "", *newcomer[2:])) in sent(second)
    assert [line[:2] for line in conflicts(second)] == [(ANA[1], "Cara Moss")]


def test_who_has_another_name_and_values_of_too_many_people_is_not_gone(workplace: Workplace) -> None:
    rules = {"max_people_per_value": 1}
    night(workplace, ANA, BOB, persons=rules)
    renamed = ("Ana Jones", f"{ANA[1]};+12025550109", *ANA[2:])
    second = night(workplace, renamed, BOB, persons=rules)
    assert (persons(second), gone(second)) == ({"new": 1, "unchanged": 1}, [])


def test_a_suppressed_person_is_found_by_what_is_known_of_it(workplace: Workplace) -> None:
    night(workplace, ANA, BOB)
    (workplace.folder / "stop.csv").write_text(ANA[1] + "\n")
    second = night(workplace, (ANA[0], "", ANA[2], "Turin"), BOB, suppress="stop.csv")
    assert rows_of(second) == {"read": 2, "unchanged": 1, "excluded": 1}


def test_a_plan_writes_nothing_that_is_known(workplace: Workplace) -> None:
    write(workplace.folder, ANA)
    workplace.carry_out(workplace.request(action=Action.PLAN))
    assert not (workplace.state_dir / "known").exists()


@pytest.mark.parametrize("what", ["persons", "hash.json"])
def test_what_is_damaged_is_said_and_everything_is_sent_again(workplace: Workplace, what: str) -> None:
    first = night(workplace, ANA, BOB)
    for path in (Path(first.folder) / "known").rglob(what):
        if path.is_dir():
            (path / "manifest.json").write_text("{}")
        else:
            path.write_text("{}")
    second = night(workplace, ANA, BOB)
    assert sent(second) == [whole(ANA), whole(BOB)]
    assert any("cannot be used" in remark for remark in second.report["loads"]["profiles"]["remarks"])
    assert sent(night(workplace, ANA, BOB)) == []


def test_a_state_that_is_lost_costs_a_full_run(workplace: Workplace) -> None:
    first = night(workplace, ANA, BOB)
    shutil.rmtree(Path(first.folder) / "known")
    assert sent(night(workplace, ANA, BOB)) == [whole(ANA), whole(BOB)]
