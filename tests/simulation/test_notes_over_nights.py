"""The notes of a CRM night after night: each is in the store once, in its last wording, whatever happens."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.notes import BEGINNING, COLUMNS, Note, Record, recorded, write_rows, write_spec
from tests.support.processes import Api, CommandLine, kill_after, make_customers, serving, wait, write_csv

NOTES, PEOPLE = int(os.environ.get("NIGHTLY_NOTES", "120")), int(os.environ.get("NIGHTLY_PEOPLE", "30"))
SEED = int(os.environ.get("NIGHTLY_SEED", "20261128"))
SENDING = {"method": "POST", "path": "*/Observations"}
CHANGING = {"method": "PATCH", "path": "*/Observations/*"}
LOSSES = (
    {"when": {**SENDING, "every": 5}, "do": {"drop": "after"}},
    {"when": {**SENDING, "every": 7}, "do": {"drop": "before"}},
    {"when": {**CHANGING, "every": 3}, "do": {"drop": "after"}},
)
SLOWLY = ({"when": SENDING, "do": {"delay_seconds": 0.3}}, {"when": CHANGING, "do": {"delay_seconds": 0.3}})


@dataclass
class Crm:
    """Notes by their id, as the CRM has them tonight."""

    random: Random
    notes: dict[str, Note] = field(default_factory=dict)

    def write(self, count: int) -> None:
        """So many new notes; a few say the same as another."""
        for _ in range(count):
            number = len(self.notes)
            if self.notes and self.random.random() < 0.02:
                self.notes[f"N{number}"] = self.random.choice(list(self.notes.values()))
                continue
            moment = BEGINNING + timedelta(minutes=self.random.randrange(500_000))
            customer = self.random.randrange(PEOPLE)
            self.notes[f"N{number}"] = Note(customer, f"note {number} 😀", moment, self.random.random() < 0.3)

    def reword(self, count: int) -> None:
        """Other words for so many notes."""
        for key in self.random.sample(list(self.notes), count):
            note = self.notes[key]
            self.notes[key] = replace(note, content=f"{note.content} again")

    def export(self, path: Path) -> None:
        """The file of tonight, in any order."""
        rows = [[key, *note.row] for key, note in self.notes.items()]
        self.random.shuffle(rows)
        write_rows(path, rows, ("Note Id", *COLUMNS))

    @property
    def record(self) -> Record:
        """What the store is to hold."""
        return Counter(note.key for note in self.notes.values())


@dataclass(frozen=True)
class House:
    """A folder with the spec of both loads, and the store that they go to."""

    folder: Path
    api: Api
    random: Random

    @property
    def command(self) -> CommandLine:
        return CommandLine(self.folder, self.api.url)

    def run(self) -> dict[str, Any]:
        finished = self.command.run("run", "spec.yaml")
        assert finished.exit_code == 0, (finished.stderr, finished.stdout)
        return finished.report["loads"]["observations"]["rows"]

    def kill(self, *arguments: str) -> None:
        """Start a command and kill it while it sends, after a random time."""
        before = self.api.last_request()
        process = self.command.start(*arguments, "--no-prefect")
        while not writes(self.api, after=before) and process.poll() is None:
            time.sleep(0.02)
        kill_after(process, self.random.uniform(0.0, 0.8))


def writes(api: Api, *, after: int = 0) -> int:
    """Requests that carry memories, after the one with this number."""
    paths = [request for request in api.requests(after=after) if request["method"] in {"POST", "PATCH"}]
    return sum("/Observations" in request["path"] for request in paths)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    customers = write_csv(make_customers(PEOPLE, repeats=0.0, bad=0.0), tmp_path / "customers.csv")
    keyed = {"source": "notes.csv", "key": "Note Id", "settle_seconds": 1}
    write_spec(tmp_path / "spec.yaml", customers=customers, observations=keyed)
    with serving(delay_seconds=(0.0, 0.05), validator=None) as api:
        yield House(tmp_path, api, Random(SEED))


def test_seven_nights_with_kills_losses_and_a_lost_state_leave_every_note_once(house: House) -> None:
    crm = Crm(Random(SEED))

    def night(new: int, reworded: int) -> None:
        house.api.set_faults()
        crm.reword(reworded)
        crm.write(new)
        crm.export(house.folder / "notes.csv")

    def check(what: str) -> None:
        house.api.settle()
        found, wanted = recorded(house.api), crm.record
        assert found == wanted, (what, SEED, "lost", wanted - found, "too many", found - wanted)

    night(NOTES, 0)
    assert house.run()["accepted"] == NOTES
    check("the first night")

    night(20, 8)
    house.api.set_faults(*LOSSES, seed=SEED)
    rows = house.run()
    assert (rows["unchanged"], rows["accepted"] + rows["verified"]) == (NOTES - 8, 28)
    check("answers were lost")

    night(20, 8)
    house.api.set_faults(*SLOWLY)
    house.kill("run", "spec.yaml")
    house.run()
    check("killed, and run again")

    night(20, 0)
    shutil.rmtree(house.folder / "state")
    assert house.run()["unchanged"] == len(crm.notes) - 20
    check("the state was lost")

    night(20, 8)
    both = [house.command.start("run", "spec.yaml", "--no-prefect") for _ in range(2)]
    codes = sorted(wait(process).exit_code for process in both)
    assert codes in ([0, 0], [0, 2])
    check("run twice at once")

    night(20, 8)
    house.api.set_faults(*SLOWLY)
    house.kill("run", "spec.yaml")
    house.kill("resume")
    house.command.run("resume")
    check("killed twice, and resumed")

    before = writes(house.api)
    rows = house.run()
    assert rows["unchanged"] == len(crm.notes) == rows["read"]
    assert writes(house.api) == before
    check("the same again")
