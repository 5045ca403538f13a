"""Night after night the people of a small CRM: nobody is mixed, nothing is lost, nothing is there twice.

People come, change, marry, swap numbers, leave and return; numbers are given to others, and stand in a wrong
row for a night. Two specs import them into one store, the second from the file of the night before. By every
other seed they delete who is gone.
"""

import asyncio
import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
import yaml

from memory_import.run.lifecycle.result import RunResult
from memory_import.run.pipeline import run_import
from memory_import.run.progress import RunProgress
from memory_import.run.request import RunRequest
from tests.support.fast import WAIT_SECONDS, make_fast_throttle
from tests.support.processes import PASSWORD, STORE, USER, Api, serving

SEEDS, NIGHTS = int(os.environ.get("CRM_SEEDS", "2")), int(os.environ.get("CRM_NIGHTS", "6"))
COLUMNS = ("Id", "Name", "Phone", "Email", "City")
CONTACT = {
    "firstName": "Name",
    "phone": {"column": "Phone", "type": "phone", "separator": ";"},
    "email": {"column": "Email", "type": "email"},
}
RULES = {"names": ["Contact.firstName"], "on_renamed": "same"}
TRAITS = {
    "first": {"Contact": CONTACT, "Account": {"customerId": "Id", "city": "City"}},
    "second": {"Contact": {**CONTACT, "lastName": "City"}, "Account": {"customerId": "Id"}},
}
OWN = {"first": ("Account", "city"), "second": ("Contact", "lastName")}
"""The trait that each spec alone sends."""


@dataclass(frozen=True)
class Person:
    """A customer, as tonight's row has it; `stray` is a number that is somebody else's."""

    who: str
    name: str
    phone: str
    email: str
    city: str
    stray: str = ""

    @property
    def values(self) -> set[str]:
        return {value for value in (self.phone, self.stray, self.email) if value}

    @property
    def row(self) -> tuple[str, ...]:
        phones = ";".join(filter(None, (self.phone, self.stray)))
        return self.who, self.name, phones, self.email, self.city


@dataclass
class Crm:
    """All customers by id. `accepted`: what the store has of each; `given_up`: numbers that are free."""

    random: Random
    present: dict[str, Person] = field(default_factory=dict)
    away: dict[str, Person] = field(default_factory=dict)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    given_up: list[str] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)
    numbers: int = 0

    def turn(self) -> None:
        """What happens until tonight: one thing to a person at most."""
        people = [
            replace(person, stray="")
            for person in self.present.values()
            if {person.phone, person.email} & self.accepted.get(person.who, set())
        ]
        settled = [one for one in people if {one.phone, one.email} <= self.accepted[one.who]]
        for person in people:
            self.present[person.who] = person
        self.random.shuffle(settled)
        if len(settled) > 1 and self.random.random() < 0.5:
            one, other = settled.pop(), settled.pop()
            self._put(replace(one, phone=other.phone), replace(other, phone=one.phone))
        for event in (self._move, self._call_anew, self._write_anew, self._marry, self._stray, self._leave):
            if settled and self.random.random() < 0.7:
                event(settled.pop())
        if self.away and self.random.random() < 0.5:
            who = self.random.choice(sorted(self.away))
            self._put(self.away.pop(who))
        for _ in range(self.random.randrange(1, 4)):
            self._come()
        for person in self.present.values():
            self.ever[person.who] |= person.values

    def _put(self, *people: Person) -> None:
        self.present.update((person.who, person) for person in people)

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _phone(self) -> str:
        return f"+1202{2_000_000 + self._number():07d}"

    def _word(self) -> str:
        return "".join("bcdfghjklm"[int(digit)] for digit in f"{self._number():05}")

    def _come(self) -> None:
        who = f"C{self._number()}"
        pool = self.reserved or (self.given_up if self.random.random() < 0.5 else [])
        phone = pool.pop() if pool else self._phone()
        name = f"{self._word()} {self._word()}"
        self._put(Person(who, name, phone, f"{who.lower()}@example.com", f"City{self._number()}"))

    def _move(self, person: Person) -> None:
        self._put(replace(person, city=f"City{self._number()}"))

    def _call_anew(self, person: Person) -> None:
        self.given_up.append(person.phone)
        self._put(replace(person, phone=self._phone()))

    def _write_anew(self, person: Person) -> None:
        self._put(replace(person, email=f"m{self._number()}@example.com"))

    def _marry(self, person: Person) -> None:
        self._put(replace(person, name=f"{person.name.split()[0]} {self._word()}"))

    def _stray(self, person: Person) -> None:
        self.reserved.append(self._phone())
        self._put(replace(person, stray=self.reserved[-1]))

    def _leave(self, person: Person) -> None:
        self.away[person.who] = self.present.pop(person.who)


@dataclass(frozen=True)
class House:
    """A folder with both specs and their state, and the store that they go to."""

    folder: Path
    api: Api

    def run(self, spec: str, people: list[Person], sync: dict[str, Any]) -> RunResult:
        """Tonight's run of a spec."""
        with (self.folder / f"{spec}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *(person.row for person in people)])
        load = {"source": f"{spec}.csv", "traits": TRAITS[spec], "persons": RULES, "sync": sync}
        document = {"version": 1, "store": STORE, "name": spec, "profiles": load}
        path = self.folder / f"{spec}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        request = RunRequest(state_dir=self.folder / "state", spec_path=path, wait_seconds=WAIT_SECONDS)
        variables = {
            "MEMORY_API_URL": self.api.url,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_API_KEY": USER,
            "TWILIO_API_SECRET": PASSWORD,
        }
        ended = run_import(request, variables, RunProgress(None), make_throttle=make_fast_throttle)
        result = asyncio.run(ended)
        self.api.settle()
        return result


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with serving(delay_seconds=(0.0, 0.0), operation_retry_after_seconds=0, validator=None) as api:
        yield House(tmp_path, api)


def read_store(api: Api) -> dict[str, dict[str, Any]]:
    """The profiles by the customer that they say they are; every customer has one, every value is in one."""
    profiles = api.profiles()
    of = {profile["traits"]["Account"]["customerId"]: profile for profile in profiles}
    assert len(of) == len(profiles), "somebody is there twice"
    values = Counter(value for profile in profiles for value in held(profile))
    assert set(values.values()) <= {1}, "two profiles hold one value"
    return of


def held(profile: dict[str, Any]) -> set[str]:
    """All identifiers of a profile."""
    identifiers: dict[str, list[str]] = profile["identifiers"]
    return {value for values in identifiers.values() for value in values}


def check(crm: Crm, house: House, spec: str, people: list[Person], result: RunResult) -> None:
    """Nobody is mixed; of every row the store has all, or the night's report says what it lacks."""
    store = read_store(house.api)
    lost = crm.accepted.keys() - store.keys()
    assert not lost & {person.who for person in people}, "somebody present was deleted"
    crm.accepted = {who: values for who, values in crm.accepted.items() if who not in lost}
    for who, profile in store.items():
        assert held(profile) <= crm.ever[who], f"{who} has what is somebody else's"
        crm.accepted[who] = held(profile)
    with (Path(result.folder) / "conflicts.csv").open(newline="") as stream:
        listed = {line["value"] for line in csv.DictReader(stream)}
    outcomes = pl.read_parquet(Path(result.folder) / "outcomes.parquet")["outcome"]
    group, name = OWN[spec]
    for person, outcome in zip(people, outcomes, strict=True):
        if outcome == "rejected":
            assert person.values <= listed, f"{person.who} is rejected, and nothing says why"
            continue
        assert outcome in {"completed", "unchanged"}, outcome
        profile = store[person.who]
        assert profile["traits"][group][name] == person.city, f"{person.who} is not as tonight's row"
        assert person.values - held(profile) <= listed, f"{person.who} lacks what nothing speaks of"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_every_night_each_person_is_there_once_and_as_itself(house: House, seed: int) -> None:
    crm = Crm(Random(seed))
    before: list[Person] = []
    brought = {"first": set[str](), "second": set[str]()}
    sync = {"gone": "delete", "max_gone": "100%"} if seed % 2 else {}
    for _ in range(NIGHTS):
        crm.turn()
        people = list(crm.present.values())
        crm.random.shuffle(people)
        lagging = [person for person in before if int(person.who[1:]) % 2]
        for spec, rows in (("first", people), ("second", lagging)):
            if not rows:
                continue
            result = house.run(spec, rows, sync)
            assert result.problem is None or result.report["exit_code"] == 1, result.problem
            check(crm, house, spec, rows, result)
            persons = result.report["loads"]["profiles"]["persons"]
            landed = {row.who for row in rows}
            assert persons["gone"] <= len(brought[spec] - landed), "somebody present is said to be gone"
            brought[spec] |= landed
        before = people
    for _ in range(3 if sync else 1):  # whoever is deleted by one of them frees numbers for the next
        again = house.run("first", people, sync)
    assert again.report["loads"]["profiles"]["sent"] == 0
