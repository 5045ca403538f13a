"""Every number of a plan is what the run then does, whatever the input is."""

import os
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
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


@pytest.mark.parametrize("seed", range(INPUTS))
def test_every_number_of_a_plan_is_what_applying_it_does(workplace: Workplace, seed: int) -> None:
    write_input(workplace.folder, Random(seed))
    anything = {"budgets": Budgets(max_dropped="100%")}
    planned = workplace.carry_out(workplace.request(action=Action.PLAN, **anything)).report
    api = Api(workplace.variables["MEMORY_API_URL"])
    before = sum(request["path"].endswith("/Profiles/Bulk") for request in api.requests())
    applied = workplace.carry_out(workplace.application(planned["run_id"], **anything)).report

    plan, run = planned["loads"]["profiles"], applied["loads"]["profiles"]
    assert {name: plan["rows"][name] for name in SAME} == {name: run["rows"][name] for name in SAME}
    assert plan["rows"]["planned"] == sum(run["rows"][outcome] for outcome in LANDED)
    for name in ("traits", "changes", "reject_reasons", "dropped_rows", "files"):
        assert plan[name] == run[name], name

    forecast = planned["plan"]["forecast"]
    assert forecast["profile_operations"] == run["sent"] == applied["billing"]["profile_operations"]
    writes = [request for request in api.requests() if request["path"].endswith("/Profiles/Bulk")]
    assert forecast["requests"]["least"] == forecast["requests"]["most"] == len(writes) - before
    assert run["batches"]["total"] == len(writes) - before
    assert planned["exit_code"] == applied["exit_code"]
