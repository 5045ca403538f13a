"""The examination: each trouble is one line with its remedy, and nothing is written."""

from pathlib import Path

import pytest

from memory_import.ledger.database.lock import exclusive
from memory_import.run.doctor import Finding, Level, examine
from tests.support.workplace import Workplace, write_spec


def look(
    workplace: Workplace, spec: str | None = "spec.yaml", patience_seconds: float = 60.0
) -> list[Finding]:
    path = workplace.folder / spec if spec else None
    return list(examine(path, workplace.state_dir, workplace.variables, patience_seconds=patience_seconds))


def failures(findings: list[Finding]) -> dict[str, str]:
    """What was found, by what was looked at, of all failures."""
    return {finding.what: finding.found for finding in findings if finding.level is Level.FAILURE}


def test_all_is_well_after_a_run(workplace: Workplace) -> None:
    write_spec(workplace.folder, traits={"Contact": {"email": {"column": "Email", "type": "email"}}})
    assert workplace.carry_out().report["exit_code"] in {0, 1}
    findings = look(workplace)
    assert failures(findings) == {}
    assert {"python", "packages", "state directory", "lock", "ledger", "spec", "profiles", "address"} <= {
        finding.what for finding in findings
    }


def test_nothing_is_made_where_there_was_nothing(workplace: Workplace) -> None:
    look(workplace)
    assert not workplace.state_dir.exists()


@pytest.mark.parametrize(
    ("changes", "what", "says"),
    [
        ({"TWILIO_API_SECRET": ""}, "credentials", "TWILIO_API_SECRET"),
        ({"TWILIO_API_SECRET": "of somebody else"}, "credentials", "refused (HTTP 401)"),
        ({"MEMORY_API_URL": "http://memory.example.com"}, "address", "https://"),
        ({"TWILIO_REGION": "the moon"}, "address", "TWILIO_REGION"),
    ],
    ids=["incomplete", "wrong", "no TLS", "no region"],
)
def test_what_is_wrong_between_here_and_the_store_is_named(
    workplace: Workplace, changes: dict[str, str], what: str, says: str
) -> None:
    found = failures(look(workplace.with_variables(**changes)))
    assert says in found[what]


def test_an_address_where_nobody_is_is_named_after_a_while(workplace: Workplace) -> None:
    nobody = workplace.with_variables(MEMORY_API_URL="http://127.0.0.1:9")
    assert "127.0.0.1:9" in failures(look(nobody, patience_seconds=1.0))["address"]


def test_no_credentials_at_all_is_a_failure_that_names_the_emulator(workplace: Workplace) -> None:
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET")
    (finding,) = [
        f for f in look(workplace.with_variables(**dict.fromkeys(names, ""))) if f.what == "credentials"
    ]
    assert "--emulator" in finding.remedy


@pytest.mark.parametrize(
    ("store", "says"),
    [("mem_store_00000000000000000000000009", "no store"), ("my-store", "is no store's id")],
    ids=["not there", "no id"],
)
def test_a_store_that_is_not_there_is_a_failure(workplace: Workplace, store: str, says: str) -> None:
    write_spec(workplace.folder, store=store)
    found = failures(look(workplace))
    assert any(says in text for text in found.values()), found


def test_what_the_store_lacks_is_named_with_the_command_that_makes_it(workplace: Workplace) -> None:
    write_spec(workplace.folder, traits={"Nowhere": {"plan": "Name"}})
    (finding,) = [f for f in look(workplace) if f.what == "trait groups" and f.level is Level.FAILURE]
    assert "Nowhere" in finding.found
    assert "setup" in finding.remedy


def test_mistakes_of_the_spec_are_told_all_at_once(workplace: Workplace) -> None:
    write_spec(workplace.folder, traits={"Contact": {"email": "E-Mail", "phone": "Telephone"}})
    found = [f for f in look(workplace) if f.what == "spec"]
    assert [f.level for f in found] == [Level.FAILURE] * 2, found


def test_a_state_directory_that_is_in_use_or_open_to_others_is_a_warning(workplace: Workplace) -> None:
    workplace.state_dir.mkdir(mode=0o755)
    with exclusive(workplace.state_dir, purpose="a run", since="today"):
        warned = {f.what: f.found for f in look(workplace) if f.level is Level.WARNING}
    assert "a run" in warned["lock"]
    assert "open to others" in warned["state directory"]


def test_a_damaged_ledger_is_a_failure(workplace: Workplace) -> None:
    workplace.state_dir.mkdir(mode=0o700)
    Path(workplace.state_dir / "ledger.sqlite3").write_bytes(b"not a database at all" * 100)
    assert "cannot be read" in failures(look(workplace))["ledger"]


def test_what_setup_would_still_do_is_a_warning(workplace: Workplace) -> None:
    path = write_spec(workplace.folder)
    path.write_text(f"setup: {{matching: [chat, phone]}}\n{path.read_text()}")
    warnings = {finding.what: finding for finding in look(workplace) if finding.level is Level.WARNING}
    assert warnings["setup"].found.startswith("matching rules: chat, phone, email")
    assert "memory-import setup" in warnings["setup"].remedy


@pytest.mark.parametrize("variable", ["", "mem_store_00000000000000000000000001"])
def test_a_store_that_is_not_there_by_its_name_is_named(workplace: Workplace, variable: str) -> None:
    write_spec(workplace.folder, store={"name": "not-there"})
    findings = look(workplace.with_variables(MEMORY_STORE_ID=variable))
    assert failures(findings)["store"] == "there is none named 'not-there'"
    unused = [finding.found for finding in findings if "MEMORY_STORE_ID" in finding.found]
    assert bool(unused) is bool(variable)
