"""Files that went through a spreadsheet: their phones are repaired where the spec says so, and counted."""

import csv
import json
from pathlib import Path
from typing import Any

import yaml

from memory_import.errors import ExitCode
from memory_import.ledger.staging.staged import Staging
from tests.cli.test_app import run
from tests.support.workplace import Workplace

REPAIRED = ["4915112345698", "4.915112345679E+12", "33612345687.0", "2025550123.0"]
REFUSED = ["4.91511E+12", "3612345678.0", "5555550123"]
E164 = ["+4915112345698", "+4915112345679", "+33612345687", "+12025550123"]


def import_phones(folder: Path, phone: dict[str, Any]) -> dict[str, Any]:
    """Import a customer for each phone and a note on each customer; the loads of the report."""
    for name, column in (("customers", "Name"), ("notes", "Note")):
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            rows = [(number, f"of {number}", "2026-05-04") for number in [*REPAIRED, *REFUSED]]
            csv.writer(stream).writerows([("Phone", column, "Created"), *rows])
    document = {
        "version": 1,
        "profiles": {
            "source": "customers.csv",
            "region": {"default": "US"},
            "traits": {"Contact": {"firstName": "Name", "phone": {**phone, "type": "phone"}}},
        },
        "observations": {
            "source": "notes.csv",
            "profile": {"phone": phone},
            "region": {"default": "US"},
            "content": "Note",
            "occurred_at": {"column": "Created", "format": "%Y-%m-%d", "timezone": "UTC"},
            "observation_source": "crm-notes",
        },
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(document))
    result = run(Workplace(folder), "--emulator", "--output", "json")
    assert result.exit_code == ExitCode.REJECTS, result.stderr
    loads: dict[str, Any] = json.loads(result.stdout)["loads"]
    return loads


def phones_sent(folder: Path) -> list[str]:
    """The phones of the only run's profiles, in the order of the rows."""
    (staged,) = (folder / "state" / "runs").glob("*/profiles")
    (part,) = Staging(staged).parts
    return Staging(staged).entries(part, "_value.Contact.phone")["_value.Contact.phone"].to_list()


def test_phones_are_repaired_counted_and_found_by_the_notes_that_name_them(tmp_path: Path) -> None:
    loads = import_phones(tmp_path, {"column": "Phone", "repair": True})
    for name, outcome in (("profiles", "completed"), ("observations", "accepted")):
        load = loads[name]
        assert (load["rows"]["read"], load["rows"][outcome], load["rows"]["rejected"]) == (7, 4, 3), name
        assert load["changes"] == {"phone_figure_undone": 1, "phone_plus_restored": 3}
        assert load["reject_reasons"] == {
            "no_identifier": 3,
            "phone_invalid_for_region": 1,
            "phone_spreadsheet_damage": 2,
        }
    assert phones_sent(tmp_path) == E164


def test_where_the_spec_does_not_say_so_no_phone_is_repaired(tmp_path: Path) -> None:
    loads = import_phones(tmp_path, {"column": "Phone"})
    for load in loads.values():
        assert (load["rows"]["read"], load["rows"]["rejected"], load["changes"]) == (7, 7, {})
        assert load["reject_reasons"] == {
            "no_identifier": 7,
            "phone_invalid_for_region": 1,
            "phone_spreadsheet_damage": 5,
            "phone_too_long": 1,
        }
