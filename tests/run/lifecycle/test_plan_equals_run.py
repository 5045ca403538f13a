"""Every number of a plan is what the run then does, whatever the input is."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from memory_import.ledger.report.outcomes import Outcome
from memory_import.run.budget import Budgets
from memory_import.run.request import Action
from tests.support.processes import Api
from tests.support.workplace import STORE, TRAITS, Workplace

INPUTS = int(os.environ.get("PLANS", "20"))
LANDED = (Outcome.COMPLETED, Outcome.ACCEPTED, Outcome.VERIFIED)
SAME = ("merged", "unchanged", "excluded", "rejected", "read")


def write_input(folder: Path, random: Random) -> None:
    """A few dozen rows with shared, damaged, blank and repeated values, and notes about some of them."""
    rows = ["Name,Phone,Email,Since,Age"]
    for number in range(random.randrange(1, 60)):
        person = random.randrange(number + 1) if random.random() < 0.3 else number
        phone = random.choice(
            [f"+1 202-555-{person % 10_000:04d}", f"(202) 555-{person % 10_000:04d}", "", "12"]
        )
        email = random.choice([f"p{person}@example.com", f" P{person}@Example.com ", "", "nobody"])
        age = random.choice(["41", "4.0", "old", ""])
        rows.append(f"Name{person},{phone},{email},2024-01-31,{age}")
    (folder / "customers.csv").write_text("\n".join(rows) + "\n")
    traits = {"Contact": {**TRAITS["Contact"]}}
    profiles: dict[str, Any] = {"source": "customers.csv", "region": {"default": "US"}, "traits": traits}
    if random.random() < 0.5:
        traits["Contact"]["email"] = {"column": "Email", "type": "email", "on_invalid": "reject"}
    if random.random() < 0.3:
        profiles["where"] = {"Age": {"not": ["old"]}}
    spec: dict[str, Any] = {"version": 1, "store": STORE, "profiles": profiles}
    if random.random() < 0.25:
        spec["observations"] = write_notes(folder, random)
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def write_notes(folder: Path, random: Random) -> dict[str, Any]:
    """Notes about some of the people, about nobody, and about people who are in no input."""
    rows = ["Email,Note,When"]
    for number in range(random.randrange(1, 20)):
        email = random.choice(
            [f"p{random.randrange(30)}@example.com", "nobody", f"{folder.name}@example.com"]
        )
        rows.append(f"{email},note {number},{random.choice(['2024-01-31 10:00', 'soon'])}")
    (folder / "notes.csv").write_text("\n".join(rows) + "\n")
    return {
        "source": "notes.csv",
        "profile": {"email": "Email"},
        "content": "Note",
        "observation_source": "notes",
        "occurred_at": {"column": "When", "format": "%Y-%m-%d %H:%M", "timezone": "UTC"},
        "missing_profile": random.choice(["reject", "create"]),
    }


FAULTS: list[dict[str, Any]] = [
    {"when": {"path": "*/Profiles/Bulk", "every": 2}, "do": {"status": 503}},
    {"when": {"path": "*/Profiles/Bulk", "nth": 3}, "do": {"drop": "after"}},
    {"when": {"path": "*/Lookup", "every": 3}, "do": {"status": 429, "retry_after": "0"}},
    {"when": {"path": "*/Operations/*", "per": "path", "to": 1}, "do": {"status": 500}},
]
"""Such as cost repeats, and no row."""


@pytest.fixture
def server(workplace: Workplace) -> Iterator[Api]:
    """The API of the workplace, well behaved again afterwards."""
    api = Api(workplace.variables["MEMORY_API_URL"])
    yield api
    api.call("POST", "/emulator/faults", [])


@pytest.mark.parametrize("seed", range(INPUTS))
def test_every_number_of_a_plan_is_what_applying_it_does(
    workplace: Workplace, server: Api, seed: int
) -> None:
    write_input(workplace.folder, Random(seed))
    anything = {"budgets": Budgets(max_dropped="100%")}
    planned = workplace.carry_out(workplace.request(action=Action.PLAN, **anything)).report
    if seed % 2:
        server.call("POST", "/emulator/faults", FAULTS)
    applied = workplace.carry_out(workplace.application(planned["run_id"], **anything)).report

    compare(planned, applied)
    lost = sum(section["reject_reasons"].get("profile_not_found", 0) for section in applied["loads"].values())
    assert applied["exit_code"] == (1 if lost else planned["exit_code"])


def compare(planned: dict[str, Any], applied: dict[str, Any]) -> None:
    """Every number of the plan against what the run says that it did."""
    forecast, billing = planned["plan"]["forecast"], applied["billing"]
    written = 0
    for name, plan in planned["loads"].items():
        run = applied["loads"][name]
        late = run["reject_reasons"].pop("profile_not_found", 0)  # nobody was asked before
        run["rows"]["rejected"] -= late
        assert {name: plan["rows"][name] for name in SAME} == {name: run["rows"][name] for name in SAME}
        assert plan["rows"]["planned"] == late + sum(run["rows"][outcome] for outcome in LANDED)
        assert plan["reject_reasons"] == run["reject_reasons"]
        assert plan["files"] == run["files"]
        written += run["batches"]["total"]
        if not late:
            assert plan["traits"] == run["traits"]
    plan, run = planned["loads"]["profiles"], applied["loads"]["profiles"]
    for name in ("changes", "dropped_rows", "persons"):
        assert plan[name] == run[name], name

    created = billing["profile_operations"] - run["sent"]
    assert forecast["profile_operations"] == run["sent"]
    assert forecast["created"]["least"] <= created <= forecast["created"]["most"]
    assert forecast["lookups"]["least"] <= billing["lookups"] <= forecast["lookups"]["most"]
    assert forecast["requests"]["least"] <= written <= forecast["requests"]["most"]
    if applied["loads"].keys() == {"profiles"}:
        assert forecast["requests"]["least"] == forecast["requests"]["most"] == written
