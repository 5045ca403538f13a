"""Columns of an input may be called as values within the program are: they are columns like any other."""

import csv
from typing import Any

import yaml

from memory_import.run.lifecycle.result import RunResult
from tests.support.workplace import STORE, Workplace, rows_of

NAMES = (
    *("index", "other", "value", "code", "column", "trait", "outcome", "id_type", "merged_into_row", "row"),
    *("person", "hash", "line", "text", "given", "question", "region", "email", "e164", "change", "reason"),
    *("_id", "_id.$oid", "_source.email", "_line", "_note", "literal", "count", "stated"),
)
PEOPLE = 10


def night(workplace: Workplace, last: str) -> RunResult:
    """A run of ten people of two rows each; the second row of the first person ends in `last`."""
    with (workplace.folder / "customers.csv").open("w", newline="") as stream:
        people = [f"{n // 2:02}" for n in range(2 * PEOPLE)]
        rows = [[f"+120255501{who}", f"K{who}", *(f"{name}{who}" for name in NAMES)] for who in people]
        rows[1][2:] = [f"{cell}{last}" for cell in rows[1][2:]]
        csv.writer(stream).writerows([["Phone", "Key", *NAMES], *rows])
    contact = {"phone": {"column": "Phone", "type": "phone"}, "key": "Key"}
    traits: dict[str, Any] = {f"t{number}": {"column": name} for number, name in enumerate(NAMES)}
    body = {
        "source": "customers.csv",
        "traits": {"Contact": contact, "Other": traits},
        "identifiers": ["Contact.phone", "Contact.key"],
    }
    setup = {"identifiers": {"customer-no": "Contact.key"}}
    document = {"version": 1, "store": STORE, "name": "names", "profiles": body, "setup": setup}
    (workplace.folder / "spec.yaml").write_text(yaml.safe_dump(document))
    return workplace.carry_out(workplace.request(emulator=True, keep=True))


def test_a_column_may_have_any_name_that_is_not_one_of_ours(workplace: Workplace) -> None:
    first = night(workplace, "")
    assert rows_of(first) == {"read": 20, "completed": 10, "merged": 10}
    second = night(workplace, "!")
    assert rows_of(second) == {"read": 20, "completed": 1, "merged": 1, "unchanged": 18}
    for number in range(len(NAMES)):
        trait = second.report["loads"]["profiles"]["traits"][f"Other.t{number}"]
        assert (trait["filled"], trait["sent"], trait["superseded"]) == (20, 1, 1), NAMES[number]
