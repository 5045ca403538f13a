"""Night after night the people of a small CRM: nobody is mixed, nothing is lost, nothing is there twice.

People come, change, marry, swap numbers, lose a city, leave and return; numbers are given to others, and
stand in a wrong row for a night. Two specs import them into one store, the second from the file of the night
before. By some seeds they delete who is gone, remove what is blank, and replace former numbers. A file holds
the CRMs of many seeds at once, each with numbers and names of its own.
"""

import asyncio
import csv
import os
from collections import defaultdict
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

SEEDS, NIGHTS = int(os.environ.get("CRM_SEEDS", "50")), int(os.environ.get("CRM_NIGHTS", "4"))
AT_ONCE = 25  # seeds in one file
NUMBERS = 90_000 // AT_ONCE  # that one seed has for its people, numbers and names
EDITS = {"on_blank": "clear", "former": "replace", "max_gone": "100%"}
SYNCS: list[dict[str, str]] = [{**EDITS, "gone": "delete"}, {}, EDITS, {"gone": "delete", "max_gone": "100%"}]
"""What the specs say by file, in turn."""
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
    """All customers of a seed by id. `accepted`: what the store has of each; `given_up`: numbers that are
    free; `cities`: by spec and customer, the city that the store has."""

    seed: int
    random: Random
    numbers: int
    present: dict[str, Person] = field(default_factory=dict)
    away: dict[str, Person] = field(default_factory=dict)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    ever: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    given_up: list[str] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)
    before: list[Person] = field(default_factory=list)
    cities: dict[tuple[str, str], str] = field(default_factory=dict)
    brought: dict[str, set[str]] = field(default_factory=lambda: {"first": set(), "second": set()})

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
        events = [
            self._move,
            self._call_anew,
            self._write_anew,
            self._marry,
            self._stray,
            self._lose_city,
            self._leave,
        ]
        self.random.shuffle(events)
        for event in events:
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

    def _lose_city(self, person: Person) -> None:
        self._put(replace(person, city=""))

    def _call_anew(self, person: Person) -> None:
        self.given_up.append(person.phone)
        self._put(replace(person, phone=self._phone()))

    def _write_anew(self, person: Person) -> None:
        self._put(replace(person, email=f"m{self._number()}@example.com"))

    def _marry(self, person: Person) -> None:
        self._put(replace(person, name=f"{person.name.split()[0]} {self._word()}"))

    def _stray(self, person: Person) -> None:
        self.reserved.append(self._phone())
        email = f"m{self._number()}@example.com" if self.random.random() < 0.5 else person.email
        self._put(replace(person, stray=self.reserved[-1], email=email))

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


def read_store(api: Api, crms: list[Crm]) -> list[dict[str, dict[str, Any]]]:
    """The profiles by the customer that they say they are, for each CRM; every customer has one, every
    value is in one."""
    stores: list[dict[str, dict[str, Any]]] = [{} for _ in crms]
    holders: dict[str, str] = {}
    for profile in api.profiles():
        who = profile["traits"]["Account"]["customerId"]
        at = int(who[1:]) // NUMBERS
        assert who not in stores[at], f"seed {crms[at].seed}: {who} is there twice"
        stores[at][who] = profile
        for value in held(profile):
            other = holders.setdefault(value, who)
            assert other == who, f"seed {crms[at].seed}: {who} and {other} both hold {value}"
    return stores


def held(profile: dict[str, Any]) -> set[str]:
    """All identifiers of a profile."""
    identifiers: dict[str, list[str]] = profile["identifiers"]
    return {value for values in identifiers.values() for value in values}


def read_lines(result: RunResult, name: str) -> list[dict[str, str]]:
    """The lines of a table of the report; none where there is no such table."""
    path = Path(result.folder) / name
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True)
class Night:
    """What a run of a spec says. `outcomes`: by customer; `listed`: values in `conflicts.csv`; `kept`: rows
    of which a trait was not removed; `replaced`: former values that are not there any more; `gone`: values in
    `gone.csv`."""

    spec: str
    sync: dict[str, str]
    outcomes: dict[str, str]
    listed: set[str]
    kept: set[int]
    replaced: set[str]
    gone: set[str]

    @classmethod
    def read(cls, spec: str, sync: dict[str, str], people: list[Person], result: RunResult) -> "Night":
        assert result.problem is None or result.report["exit_code"] == 1, result.problem
        outcomes = pl.read_parquet(Path(result.folder) / "outcomes.parquet")["outcome"]
        cleared, former = (read_lines(result, name) for name in ("cleared.csv", "former.csv"))
        assert {line["outcome"] for line in cleared} <= {"cleared", "kept", "absent"}
        assert {line["outcome"] for line in former} <= {"replaced", "kept", "absent"}
        return cls(
            spec,
            sync,
            {person.who: outcome for person, outcome in zip(people, outcomes, strict=True)},
            {line["value"] for line in read_lines(result, "conflicts.csv")},
            {int(line["_row"]) for line in cleared if line["outcome"] == "kept"},
            {line["value"] for line in former if line["outcome"] == "replaced"},
            {line["value"] for line in read_lines(result, "gone.csv")},
        )


def check(crm: Crm, store: dict[str, dict[str, Any]], rows: dict[int, Person], night: Night) -> None:
    """Nobody of a CRM is mixed; of every row the store has all, or the night's report says what it lacks.

    `rows`: by their numbers in the file.
    """
    seed = f"seed {crm.seed}, {night.spec}"
    people = {person.who: person for person in rows.values()}
    lost = crm.accepted.keys() - store.keys()
    assert not lost & people.keys(), f"{seed}: {lost & people.keys()} are present, and were deleted"
    crm.accepted = {who: values for who, values in crm.accepted.items() if who not in lost}
    for who, profile in store.items():
        assert held(profile) <= crm.ever[who], f"{seed}: {who} has what is somebody else's"
        crm.accepted[who] = held(profile)
    for number, person in rows.items():
        outcome = night.outcomes[person.who]
        if outcome == "rejected":
            assert person.values <= night.listed, f"{seed}: {person.who} is rejected, and nothing says why"
            continue
        assert outcome in {"completed", "unchanged"}, f"{seed}: {person.who} is {outcome}"
        profile = store[person.who]
        lacking = person.values - held(profile)
        assert lacking <= night.listed, f"{seed}: {person.who} lacks {lacking}, of which nothing speaks"
        _check_city(crm, profile, person, night, is_kept=number in night.kept)
    for who, profile in store.items():
        stays = held(profile) & night.replaced - people[who].values if who in people else set()
        assert not stays, f"{seed}: {who} has {stays}, which was replaced"
    absent = {who for who in crm.brought[night.spec] if who not in people}
    values = set[str]().union(*(crm.ever[who] for who in absent))
    own = set[str]().union(*(crm.ever[who] for who in crm.ever))
    assert night.gone & own <= values, f"{seed}: somebody present is said to be gone"
    crm.brought[night.spec] |= people.keys()


def _check_city(crm: Crm, profile: dict[str, Any], person: Person, night: Night, *, is_kept: bool) -> None:
    group, name = OWN[night.spec]
    key = (night.spec, person.who)
    before, found = crm.cities.get(key), profile["traits"].get(group, {}).get(name)
    expected = person.city or (None if night.sync.get("on_blank") == "clear" and not is_kept else before)
    assert found == expected, f"seed {crm.seed}, {night.spec}: {person.who} has {found}, expected {expected}"
    crm.cities.pop(key, None)
    if found is not None:
        crm.cities[key] = found


def run_and_check(
    house: House, crms: list[Crm], spec: str, people: list[Person], sync: dict[str, str]
) -> Night:
    """A run of a spec, after which the store and the report are right for every CRM."""
    result = house.run(spec, people, sync)
    night = Night.read(spec, sync, people, result)
    rows: list[dict[int, Person]] = [{} for _ in crms]
    for number, person in enumerate(people, start=1):
        rows[int(person.who[1:]) // NUMBERS][number] = person
    for crm, store, own in zip(crms, read_store(house.api, crms), rows, strict=True):
        check(crm, store, own, night)
    return night


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_after_every_night_each_person_is_there_once_and_as_itself(house: House, first: int) -> None:
    crms = [
        Crm(seed, Random(seed), at * NUMBERS)
        for at, seed in enumerate(range(first, min(first + AT_ONCE, SEEDS)))
    ]
    order, sync = Random(first), SYNCS[first // AT_ONCE % len(SYNCS)]
    for _ in range(NIGHTS):
        for crm in crms:
            crm.turn()
        people = [person for crm in crms for person in crm.present.values()]
        lagging = [person for crm in crms for person in crm.before if int(person.who[1:]) % 2]
        order.shuffle(people)
        for spec, rows in (("first", people), ("second", lagging)):
            if rows:
                run_and_check(house, crms, spec, rows, sync)
        for crm in crms:
            crm.before = list(crm.present.values())
    for _ in range(4):  # what goes by one of them is free for somebody else by the next
        night = run_and_check(house, crms, "first", people, sync)
        sent = {who for who, outcome in night.outcomes.items() if outcome == "completed"}
        if not sent:
            break
    assert not sent, f"sent again, of seeds {sorted({first + int(who[1:]) // NUMBERS for who in sent})}"
