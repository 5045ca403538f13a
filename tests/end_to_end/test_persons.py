"""Nobody who disagrees is ever in one profile, by the record of an emulator that merges as the service
does."""

import csv
from collections import defaultdict
from pathlib import Path
from random import Random

import polars as pl

from tests.support.persons_reference import Name, maximal, words_of
from tests.support.persons_worlds import make_world
from tests.support.processes import Api, CommandLine, write_csv, write_spec

WORLDS = 60


def make_rows(random: Random) -> list[list[str]]:
    """The rows of many small hostile worlds, in a random order; every world has values of its own."""
    rows = []
    for at in range(WORLDS):
        for claimant in make_world(random).values():
            phones = [f"+1202413{at:02}{value[1:]:>02}" for kind, value in claimant.values if kind == "phone"]
            emails = [f"{value}.{at}@example.com" for kind, value in claimant.values if kind == "email"]
            first, second, *_ = [*sorted(phones), "", ""]
            rows.append(["", claimant.name or "", "", first, second, "; ".join(sorted(emails)), ""])
    random.shuffle(rows)
    return rows


def test_no_profile_holds_people_whose_names_disagree(api: Api, command: CommandLine, tmp_path: Path) -> None:
    rows = make_rows(Random(20_261_128))
    spec = write_spec(tmp_path / "spec.yaml", write_csv(rows, tmp_path / "customers.csv"))
    finished = command.run("run", spec)
    (folder,) = (tmp_path / "state" / "runs").iterdir()
    counts = finished.report["loads"]["profiles"]["rows"]
    assert counts["completed"] + counts["merged"] + counts["rejected"] == len(rows)
    assert counts["merged"] > WORLDS / 2
    reasons = {"only_shared_identifiers", "no_identifier"}
    assert set(finished.report["loads"]["profiles"]["reject_reasons"]) <= reasons

    profiles = api.profiles()
    assert len(profiles) == counts["completed"]
    assert [effect for effect in api.call("GET", "/emulator/log")["log"] if effect.get("merged")] == []
    profile_of = {
        value.lower(): number
        for number, profile in enumerate(profiles)
        for values in profile["identifiers"].values()
        for value in values
    }
    assert len(profile_of) == sum(
        len(values) for profile in profiles for values in profile["identifiers"].values()
    )
    outcomes = pl.read_parquet(folder / "outcomes.parquet").sort("_row")["outcome"]
    with (folder / "dropped.csv").open(newline="") as stream:
        dropped = {(int(row["_row"]), row["_column"]) for row in csv.DictReader(stream)}
    names = defaultdict(set)
    for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=True), 1):
        kept = [
            row[place] for place, column in ((3, "Phone"), (5, "Email")) if (number, column) not in dropped
        ]
        for value in kept:
            if outcome != "rejected" and value and words_of(row[1]):
                names[profile_of[value.partition(";")[0].lower()]].add(Name(2, words_of(row[1])))
    assert len(names) > WORLDS / 2
    assert [named for named in names.values() if len(maximal(named)) > 1] == []
