"""Every value of a run has a fate: they sum, the dropped ones are listed, further ones are identifiers."""

import csv
import stat
from pathlib import Path
from typing import Any

from memory_import.run.budget import Budgets
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.lifecycle.state_directory import open_ledger
from tests.support.workplace import (
    TRAITS,
    Workplace,
    rows_of,
    stop_before_delivery,
    write_customers,
    write_spec,
)

BORN = {"Account": {"since": {"column": "Since", "type": "date"}}}


def traits_of(result: RunResult) -> dict[str, Any]:
    traits: dict[str, Any] = result.report["loads"]["profiles"]["traits"]
    return traits


def dropped_of(result: RunResult) -> list[dict[str, str]]:
    path = Path(result.folder) / "dropped.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return list(csv.DictReader(path.read_text().splitlines()))


def test_every_value_has_one_fate_and_they_sum_to_the_rows(workplace: Workplace) -> None:
    result = workplace.carry_out()
    traits = traits_of(result)
    assert traits["Contact.phone"] == {
        "read": 5,
        "blank": 2,
        "filled": 3,
        "sent": 0,
        "changed": {"phone_country_code_added": 1, "phone_reformatted": 1},
        "dropped": {"phone_too_short": 1},
        "superseded": 0,
        "not_sent": 0,
        "others": {"sent": 0, "dropped": {}},
    }
    assert traits["Contact.firstName"] == {
        "read": 5,
        "blank": 0,
        "filled": 5,
        "sent": 3,
        "changed": {},
        "dropped": {},
        "superseded": 1,
        "not_sent": 1,
        "others": {"sent": 0, "dropped": {}},
    }
    assert result.report["loads"]["profiles"]["dropped_rows"] == {
        "Contact.phone": {"phone_too_short": [[str(workplace.folder / "customers.csv"), 4]]}
    }


def test_each_dropped_value_is_listed_with_its_row(workplace: Workplace) -> None:
    assert dropped_of(workplace.carry_out()) == [
        {
            "_file": str(workplace.folder / "customers.csv"),
            "_row": "4",
            "_trait": "Contact.phone",
            "_column": "Phone",
            "_value": "12",
            "_code": "phone_too_short",
        }
    ]


def test_values_of_rows_that_are_not_decided_are_not_sent(workplace: Workplace) -> None:
    stopped = traits_of(workplace.carry_out(run_stage=stop_before_delivery))
    assert stopped["Contact.phone"]["not_sent"] == 2
    assert stopped["Contact.phone"]["dropped"] == {"phone_too_short": 1}
    assert (stopped["Contact.email"]["not_sent"], stopped["Contact.email"]["superseded"]) == (3, 0)


def test_a_row_that_could_not_be_read_was_not_sent(workplace: Workplace) -> None:
    write_customers(workplace.folder, "Ada,+12025550101,ada@example.com,", "Bram,1,2,3,4,5", ",,,,,,")
    name = traits_of(workplace.carry_out())["Contact.firstName"]
    assert (name["sent"], name["not_sent"], name["blank"]) == (1, 1, 1)


def test_what_stands_beside_the_value_is_counted_beside_it(workplace: Workplace) -> None:
    write_customers(
        workplace.folder,
        "Ada,+12025550101,ada@example.com,+12025550102",
        "Bram,+12025550103,bram@example.com,12",
        "Cleo,,cleo@example.com,+12025550104",
        "Dov,12,dov@example.com,+12025550105",
    )
    phone = {"column": ["Phone", "Since"], "type": "phone"}
    write_spec(workplace.folder, traits={"Contact": {**TRAITS["Contact"], "phone": phone}})
    result = workplace.carry_out()
    counted = traits_of(result)["Contact.phone"]
    assert (counted["sent"], counted["dropped"]) == (4, {})
    assert counted["others"] == {"sent": 1, "dropped": {"phone_too_short": 2}}
    assert rows_of(result) == {"read": 4, "completed": 4}
    assert [(row["_row"], row["_column"], row["_value"]) for row in dropped_of(result)] == [
        ("2", "Since", "12"),
        ("4", "Phone", "12"),
    ]


def test_a_value_that_is_left_out_is_listed_with_the_cell_that_it_comes_from(workplace: Workplace) -> None:
    write_customers(
        workplace.folder, "Ada,12,ada@example.com,+12025550101", "Bram,,bram@example.com,+12025550101"
    )
    phone = {"column": ["Phone", "Since"], "type": "phone"}
    write_spec(
        workplace.folder,
        traits={"Contact": {**TRAITS["Contact"], "phone": phone}},
        persons={"block": ["+12025550101"]},
    )
    result = workplace.carry_out()
    assert [tuple(row.values())[1:] for row in dropped_of(result)] == [
        ("1", "Contact.phone", "Since", "+12025550101", "identifier_blocked"),
        ("1", "Contact.phone", "Phone", "12", "phone_too_short"),
        ("2", "Contact.phone", "Since", "+12025550101", "identifier_blocked"),
    ]


def test_an_email_that_differs_in_case_alone_is_no_further_one(workplace: Workplace) -> None:
    write_customers(workplace.folder, "Ada,,ada@example.com,ADA@Example.com")
    email = {"column": ["Email", "Since"], "type": "email"}
    write_spec(workplace.folder, traits={"Contact": {**TRAITS["Contact"], "email": email}})
    counted = traits_of(workplace.carry_out())["Contact.email"]
    assert (counted["sent"], counted["others"]) == (1, {"sent": 0, "dropped": {}})


def test_a_further_number_brings_the_rows_of_a_person_together(workplace: Workplace) -> None:
    write_customers(
        workplace.folder,
        "Ada,+12025550101,,+12025550102",
        "Ada,+12025550102,,",
        "Bram,+12025550103,,",
    )
    phone = {"column": ["Phone", "Since"], "type": "phone"}
    write_spec(workplace.folder, traits={"Contact": {**TRAITS["Contact"], "phone": phone}})
    assert rows_of(workplace.carry_out()) == {"read": 3, "completed": 2, "merged": 1}


def test_a_thousand_rows_with_four_thousand_dropped_values_list_them_all(workplace: Workplace) -> None:
    write_customers(workplace.folder, *(f"{n},+12025550101,x{n},no{n}" for n in range(1_000)))
    wrong = {
        "visits": {"column": "Email", "type": "integer"},
        "since": {"column": "Since", "type": "date"},
        "until": {"column": "Since", "type": "datetime"},
        "active": {"column": "Email", "type": "boolean"},
    }
    phone = {"Contact": {"phone": TRAITS["Contact"]["phone"]}}
    write_spec(workplace.folder, traits={**phone, "Account": wrong})
    result = workplace.carry_out(workplace.request(emulator=True, budgets=Budgets(max_dropped="100%")))
    listed = dropped_of(result)
    assert len({(row["_row"], row["_trait"]) for row in listed}) == len(listed) == 4_000
    assert all(row["_value"] in {f"x{int(row['_row']) - 1}", f"no{int(row['_row']) - 1}"} for row in listed)
    assert [sum(traits_of(result)[f"Account.{name}"]["dropped"].values()) for name in wrong] == [1_000] * 4


def test_traits_that_the_store_promotes_beyond_the_spec_identify_and_are_named(workplace: Workplace) -> None:
    write_customers(
        workplace.folder, "Ada,+12025550101,ada@example.com,", "Ada,+12025550102,ada@example.com,"
    )
    write_spec(workplace.folder, identifiers=["Contact.phone"])
    result = workplace.carry_out(workplace.request(emulator=True))
    assert rows_of(result) == {"read": 2, "completed": 1, "merged": 1}
    remarks = result.report["loads"]["profiles"]["remarks"]
    assert any("Contact.email (email)" in remark for remark in remarks)


def test_the_same_phone_identifies_its_person_for_whatsapp_too(workplace: Workplace) -> None:
    write_customers(workplace.folder, "Ada,+12025550101,,", "Bram,(202) 555-0102,,")
    again = {"column": "Phone", "type": "phone"}
    traits = {"Contact": {**TRAITS["Contact"], "whatsappNumber": again}}
    setup = {"identifiers": {"whatsapp": "Contact.whatsappNumber"}}
    spec = write_spec(workplace.folder, traits=traits)
    spec.write_text(spec.read_text() + f"setup: {setup}\n")
    result = workplace.carry_out(workplace.request(emulator=True))
    assert rows_of(result) == {"read": 2, "completed": 2}
    assert traits_of(result)["Contact.whatsappNumber"]["sent"] == 1
    with open_ledger(workplace.state_dir) as ledger:
        load = ledger.load(result.report["run_id"], "profiles")
    assert load is not None
    assert load.identifiers["Contact.whatsappNumber"] == "whatsapp"
