"""Every number of a plan is what the run then does, whatever the input is, and on later nights, too."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import pytest
import yaml

from memory_import.ledger.report.outcomes import Outcome
from memory_import.run.budget import Budgets
from memory_import.run.request import Action
from tests.support.processes import Api
from tests.support.workplace import STORE, Workplace

SEEDS = range(int(os.environ["PLANS"])) if "PLANS" in os.environ else (2, 3, 4, 6, 7, 10)
"""Of the inputs, which are drawn; these few hold each choice of a spec between them. See `make soak`."""
LANDED = (Outcome.COMPLETED, Outcome.ACCEPTED, Outcome.VERIFIED)
LATE = ("profile_not_found", "profile_rejected")  # nobody was asked before
SAME = ("merged", "unchanged", "excluded", "rejected", "read")


def write_input(folder: Path, random: Random) -> None:
    """A few dozen rows with shared, damaged, blank and repeated values, and notes about some of them."""
    write_customers(folder, random)
    traits: dict[str, Any] = {
        "firstName": "Name",
        "phone": {"column": "Phone", "type": "phone"},
        "email": {"column": "Email", "type": "email"},
    }
    profiles: dict[str, Any] = {
        "source": "customers.csv",
        "region": {"default": "US"},
        "traits": {"Contact": traits},
        "persons": {
            "max_people_per_value": random.choice([2, 10]),
            "on_conflict": random.choice(["separate", "merge", "reject"]),
            "on_renamed": random.choice(["conflict", "same"]),
            "max_shared": "100%",
        },
    }
    if random.random() < 0.5:
        traits["email"]["on_invalid"] = "reject"
    if random.random() < 0.4:
        traits["phone"] |= {"column": ["Phone", "Phone 2"], "separator": ";"}
    if random.random() < 0.3:
        profiles["where"] = {"Age": {"not": ["old"]}}
    if random.random() < 0.3:
        (folder / "suppressed.csv").write_text(f"{email(folder, 3)}\n+1 202-555-0104\n")
        profiles["suppress"] = "suppressed.csv"
    if random.random() < 0.3:
        profiles["latest"] = {"column": "Since", "format": "%Y-%m-%d"}
    spec: dict[str, Any] = {"version": 1, "store": STORE, "profiles": profiles}
    if random.random() < 0.5:
        write_notes(folder, random)
        spec["observations"] = describe_notes(random)
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def email(folder: Path, person: int) -> str:
    """Nobody of another folder has it, for all share a store."""
    return f"p{person}.{crc32(str(folder).encode()) % 10**9}@example.com"


def write_customers(folder: Path, random: Random) -> None:
    office = 2_000 + crc32(str(folder).encode()) % 8_000_000  # subscribers of this folder alone
    rows = ["Name,Phone,Phone 2,Email,Since,Age"]
    for number in range(random.randrange(1, 60)):
        person = random.randrange(number + 1) if random.random() < 0.3 else number
        line = 2_000_000 + (office * 64 + person) % 7_999_999
        area = f"{line // 10_000:03d}-{line % 10_000:04d}"
        phone = random.choice([f"+1 415-{area}", f"(415) {area}", "", "12"])
        second = random.choice(["", "", f"+1 646-{area}", f"+1 646-{area};+1 917-{area}"])
        stated = random.choice([email(folder, person), f" {email(folder, person).upper()} ", "", "nobody"])
        name = random.choice([f"Name{person} Kay", f"Name{person}", "", f"Other{random.randrange(3)} Lee"])
        age = random.choice(["41", "4.0", "old", ""])
        since = f"2024-01-{random.randrange(1, 29):02d}"
        rows.append(f"{name},{phone},{second},{stated},{since},{age}")
    (folder / "customers.csv").write_text("\n".join(rows) + "\n")


def write_notes(folder: Path, random: Random) -> None:
    """Notes about some of the people, about nobody, and about people who are in no input."""
    rows = ["Id,Email,Note,When"]
    for number in range(random.randrange(1, 60)):
        people = [
            email(folder, number % 9),
            email(folder, number % 9),
            f"stranger.{email(folder, 0)}",
            "nobody",
        ]
        stated = people[number // 9 % 4]
        text = f"note {number}{random.choice(['', ' changed', ' ' + 'long ' * 900])}"
        rows.append(
            f"N{number},{stated},{text},{random.choice(['2024-01-31 10:00', '2024-02-01 10:00', 'soon'])}"
        )
    (folder / "notes.csv").write_text("\n".join(rows) + "\n")


def describe_notes(random: Random) -> dict[str, Any]:
    described: dict[str, Any] = {
        "source": "notes.csv",
        "profile": {"email": "Email"},
        "content": "Note",
        "observation_source": "notes",
        "occurred_at": {"column": "When", "format": "%Y-%m-%d %H:%M", "timezone": "UTC"},
        "missing_profile": random.choice(["reject", "create"]),
        "too_long": random.choice(["reject", "split"]),
        "once": random.choice(["auto", "auto", "state", "store"]),
    }
    if random.random() < 0.5:
        described |= {"key": "Id", "on_changed": random.choice(["update", "add", "ignore"])}
    return described


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


@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_of_a_plan_is_what_applying_it_does(
    workplace: Workplace, server: Api, seed: int
) -> None:
    random = Random(seed)
    write_input(workplace.folder, random)
    plan_and_apply(workplace, server, has_faults=bool(seed % 2))
    for _ in range(seed % 3):  # nights of people who are known, most of them as they were
        change(workplace.folder, random)
        plan_and_apply(workplace, server, has_faults=False)


def change(folder: Path, random: Random) -> None:
    """Some rows are gone, some state other values, some are new."""
    for name in ("customers.csv", "notes.csv"):
        path = folder / name
        if not path.exists():
            continue
        before = path.read_text()
        (write_customers if name == "customers.csv" else write_notes)(folder, random)
        header, *new = path.read_text().splitlines()
        kept = [line for line in before.splitlines()[1:] if random.random() < 0.8]
        path.write_text("\n".join([header, *kept, *random.sample(new, min(4, len(new)))]) + "\n")


def plan_and_apply(workplace: Workplace, server: Api, *, has_faults: bool) -> None:
    anything = {"budgets": Budgets(max_dropped="100%")}
    planned = workplace.carry_out(workplace.request(action=Action.PLAN, **anything)).report
    if has_faults:
        server.call("POST", "/emulator/faults", FAULTS)
    applied = workplace.carry_out(workplace.application(planned["run_id"], **anything)).report
    server.call("POST", "/emulator/faults", [])
    lost = sum(load["reject_reasons"].get(code, 0) for load in applied["loads"].values() for code in LATE)
    assert applied["exit_code"] == (1 if lost else planned["exit_code"])
    compare(
        planned, applied, is_judged_by_store="once: store" in (workplace.folder / "spec.yaml").read_text()
    )


def compare(planned: dict[str, Any], applied: dict[str, Any], *, is_judged_by_store: bool) -> None:
    """Every number of the plan against what the run says that it did."""
    forecast, billing = planned["plan"]["forecast"], applied["billing"]
    written = 0
    for name, plan in planned["loads"].items():
        run = applied["loads"][name]
        late = sum(run["reject_reasons"].pop(code, 0) for code in LATE)
        run["rows"]["rejected"] -= late
        if name == "observations":
            not_looked_up = planned["plan"]["memories"][name]["not_looked_up"]["rows"]
            assert late <= not_looked_up
            if is_judged_by_store:
                late += run["rows"]["unchanged"]
                run["rows"]["unchanged"] = 0
            written_here = planned["plan"]["memories"][name]["requests"]
            assert written_here["least"] <= run["batches"]["total"] <= written_here["most"]
            if not not_looked_up and not is_judged_by_store:
                assert written_here["least"] == written_here["most"]
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
