"""Rows of one person become one profile that every one of its identifiers leads to."""

import csv
from pathlib import Path

import polars as pl
import pytest

from memory_import.transforms.emails.normalise import normalise_emails
from memory_import.transforms.phones.normalise import normalise_phones
from tests.support.processes import (
    STORE,
    Api,
    CommandLine,
    make_customers,
    serving,
    write_csv,
    write_spec,
)
from tests.support.shared import DATA

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the customer files beside the checkout are absent")


def test_two_emails_and_three_phones_end_as_one_profile_found_by_all_five(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    rows = [
        ["C1", "Ann", "", "+12025550101", "", "ann@example.com", "Rome"],
        ["C2", "Bob", "Alone", "+12025550150", "", "bob@example.com", "Oslo"],
        ["C3", "Ann", "New", "+12025550102", "", "ann@example.com", ""],
        ["C4", "Ann", "New", "+12025550102", "", "ann.new@example.com", ""],
        ["C5", "ANN", "", "+12025550103", "", "ANN.NEW@example.com", "Bonn"],
    ]
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    finished = command.run("run", spec)
    load = finished.report["loads"]["profiles"]
    assert (load["rows"]["completed"], load["rows"]["merged"]) == (2, 3)
    assert load["changes"]["extra_identifier"] == 3
    profiles = api.profiles()
    assert len(profiles) == 2
    (ann,) = [profile for profile in profiles if profile["traits"]["Account"]["customerId"] == "C5"]
    assert ann["traits"]["Contact"] == {
        "firstName": "ANN",
        "lastName": "New",
        "phone": "+12025550103",
        "email": "ANN.NEW@example.com",
    }
    assert ann["traits"]["Account"]["city"] == "Bonn"
    found = {
        *(tuple(api.look_up("phone", f"+1202555010{last}")) for last in (1, 2, 3)),
        *(tuple(api.look_up("email", email)) for email in ("ann@example.com", "ann.new@example.com")),
    }
    assert len(found) == 1
    (state,) = (tmp_path / "state" / "runs").iterdir()
    outcomes = pl.read_parquet(state / "outcomes.parquet")
    assert outcomes["outcome"].to_list() == ["merged", "completed", "merged", "merged", "completed"]
    assert outcomes["merged_into_row"].to_list() == [5, None, 5, 5, None]


def test_no_request_ever_holds_one_person_twice_and_none_overtakes_another(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    """The emulator refuses a Bulk that names a person twice; merges would show as fewer ids than profiles."""
    rows = make_customers(5_000, repeats=0.5, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    finished = command.run("run", spec)
    counts = finished.report["loads"]["profiles"]["rows"]
    assert finished.exit_code == 0, finished.stderr
    assert counts["completed"] + counts["merged"] == 5_000
    assert len(api.profiles()) == counts["completed"]
    assert "400" not in finished.report["requests"]["by_status"]
    merges = [effect for effect in api.call("GET", "/emulator/log")["log"] if effect.get("merged")]
    assert merges == []


SPECS = {
    "customers-10000.csv": {
        "region": {"column": "Country", "default": "US"},
        "traits": {
            "Contact": {
                "firstName": "First Name",
                "lastName": "Last Name",
                "phone": {"column": ["Phone 1", "Phone 2"], "type": "phone"},
                "email": {"column": "Email", "type": "email", "on_invalid": "reject"},
            },
            "Company": {
                "customerId": "Customer Id",
                "company": "Company",
                "city": "City",
                "since": {"column": "Subscription Date", "type": "date", "format": "%Y-%m-%d"},
                "website": "Website",
            },
        },
    },
    "people-10000.csv": {
        "region": {"default": "US"},
        "traits": {
            "Contact": {
                "firstName": "First Name",
                "lastName": "Last Name",
                "phone": {"column": "Phone", "type": "phone"},
                "email": {"column": "Email", "type": "email"},
            },
            "Person": {
                "userId": "User Id",
                "sex": "Sex",
                "born": {"column": "Date of birth", "type": "date", "format": "%Y-%m-%d"},
                "jobTitle": "Job Title",
            },
        },
    },
}


@needs_data
@pytest.mark.parametrize("name", SPECS)
def test_somebody_elses_customers_are_all_accounted_for_and_found(tmp_path: Path, name: str) -> None:
    spec = write_spec(tmp_path / "spec.yaml", DATA / name, **SPECS[name])
    with serving(delay_seconds=(0.0, 0.05)) as api:
        for group in set(SPECS[name]["traits"]) - {"Contact"}:
            traits = {trait: {"dataType": "STRING"} for trait in SPECS[name]["traits"][group]}
            api.call(
                "POST",
                f"/v1/ControlPlane/Stores/{STORE}/TraitGroups",
                {"displayName": group, "traits": traits},
            )
        api.settle()
        finished = CommandLine(tmp_path, api.url).run("run", spec, "--max-dropped", "100%")
        counts = finished.report["loads"]["profiles"]["rows"]
        assert sum(count for outcome, count in counts.items() if outcome != "read") == 10_000
        assert counts["pending"] == counts["unknown"] == 0
        profiles = api.profiles()
        assert len(profiles) == counts["completed"]
        held = {
            (id_type, value)
            for profile in profiles
            for id_type, values in profile["identifiers"].items()
            for value in values
        }
    assert expected_identifiers(DATA / name) <= held


def expected_identifiers(path: Path) -> set[tuple[str, str]]:
    """Every identifier value that a file gives, judged by the columns that need no country to be read."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    emails = normalise_emails(pl.Series([row["Email"] for row in rows]))["email"].drop_nulls()
    phones = [row.get("Phone 1", row.get("Phone", "")) for row in rows]
    international = pl.Series([phone for phone in phones if phone.startswith("+")], dtype=pl.String)
    nowhere = pl.Series([None] * len(international), dtype=pl.String)
    numbers = normalise_phones(international, nowhere)["e164"].drop_nulls()
    return {("email", email.lower()) for email in emails} | {("phone", number) for number in numbers}
