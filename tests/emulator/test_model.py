"""Thousands of mixed operations against a small model of the documented rules: no difference."""

import os
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.support.asking import CONTROL, DATA, Asker

PHONES = {
    "+12025550101": "+12025550101",
    "(202) 555-0101": "+12025550101",
    "2025550102": "+12025550102",
    "+1 202 555 0102": "+12025550102",
    "44 20 7946 0018": "+442079460018",
    "+442079460018": "+442079460018",
    "+61491570156": "+61491570156",
}
EMAILS = {f"{name}@example.com": f"{name}@example.com" for name in ("ann", "bob", "cat", "dan")} | {
    "Ann@Example.COM": "ann@example.com",
    " bob@ example.com": "bob@example.com",
}
RAW = {"phone": PHONES, "email": EMAILS}
LIMITS = {"phone": (3, "fifo"), "email": (2, "lifo")}


@dataclass
class Person:
    id: str
    identifiers: dict[str, list[str]] = field(default_factory=dict)
    traits: dict[str, tuple[object, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    merged_into: "Person | None" = None
    is_deleted: bool = False

    def canonical(self) -> "Person":
        return self.merged_into.canonical() if self.merged_into else self


class Model:
    """The rules in the plainest words: persons in a list, found by looking at each."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.time = 0

    def living(self) -> list[Person]:
        return [person for person in self.people if not person.merged_into and not person.is_deleted]

    def holders(self, id_type: str, value: str) -> list[Person]:
        return [person for person in self.living() if value in person.identifiers.get(id_type, [])]

    def resolve(self, identifiers: list[tuple[str, str]], start: list[Person]) -> Person:
        found = {
            person.id: person
            for person in start + [each for pair in identifiers for each in self.holders(*pair)]
        }
        matches = sorted(found.values(), key=lambda person: person.id)
        if not matches:
            matches = [Person(f"mem_profile_{len(self.people) + 1:026d}")]
            self.people.extend(matches)
        for other in matches[1:]:
            self._merge(matches[0], other)
        for id_type, value in identifiers:
            self._attach(matches[0], id_type, value)
        return matches[0]

    def _merge(self, kept: Person, other: Person) -> None:
        for name, (value, time) in other.traits.items():
            if name not in kept.traits or time > kept.traits[name][1]:
                kept.traits[name] = (value, time)
        for id_type, values in other.identifiers.items():
            for value in values:
                self._attach(kept, id_type, value)
        kept.notes += other.notes
        other.merged_into, other.identifiers, other.traits, other.notes = kept, {}, {}, []

    def _attach(self, person: Person, id_type: str, value: str) -> None:
        held = person.identifiers.setdefault(id_type, [])
        if value not in held:
            held.append(value)
        limit, policy = LIMITS[id_type]
        if len(held) > limit:
            held.pop(0 if policy == "fifo" else -1)

    def write(self, person: Person, traits: dict[str, object]) -> None:
        for name, value in traits.items():
            if value is None:
                person.traits.pop(name, None)
            else:
                person.traits[name] = (value, self.time)


CONTACTS = st.fixed_dictionaries(
    {},
    optional={
        "phone": st.sampled_from(sorted(PHONES)),
        "email": st.sampled_from(sorted(EMAILS)),
        "firstName": st.sampled_from(["Ann", "Bob"]),
    },
)
IDENTIFIERS = st.one_of(
    *(st.tuples(st.just(id_type), st.sampled_from(sorted(raw))) for id_type, raw in RAW.items())
)


def _identifiers(traits: dict[str, object]) -> list[tuple[str, str]]:
    return [(name, RAW[name][str(traits[name])]) for name in ("phone", "email") if traits.get(name)]


class Comparison(RuleBasedStateMachine):
    operations = 0

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.asker = Asker()
        configs = [
            {"idType": id_type, "normalization": id_type, "limit": limit, "limitPolicy": policy}
            for id_type, (limit, policy) in LIMITS.items()
        ]
        body = {"identifierConfigs": configs, "matchingRules": ["email", "phone"]}
        assert self.asker.ask("PUT", f"{CONTROL}/IdentityResolutionSettings", body).status == 202

    def teardown(self) -> None:
        self.asker.__exit__(None, None, None)

    def _tick(self) -> None:
        self.model.time += 1
        self.asker.now += 1

    def _ask_about(
        self, number: int, method: str, path: str = "", body: Any = None
    ) -> tuple[Person | None, Any]:
        """Ask about one of the people; (None, None) once the answer for a merged or deleted one was right."""
        self._tick()
        people = self.model.people
        person = people[number % len(people)] if people else Person(f"mem_profile_{1:026d}", is_deleted=True)
        answer = self.asker.ask(method, f"{DATA}/{person.id}{path}", body)
        if person.canonical().is_deleted:
            assert answer.status == 404
            return None, None
        if person.merged_into:
            assert answer.status == (301 if method == "GET" else 308)
            assert answer.headers["canonical-profile-id"] == person.canonical().id
            assert answer.headers["location"].endswith(f"{DATA}/{person.canonical().id}{path}")
            return None, None
        return person, answer

    @rule(contacts=st.lists(CONTACTS, min_size=1, max_size=3))
    def bulk(self, contacts: list[dict[str, object]]) -> None:
        self._tick()
        found = [_identifiers(contact) for contact in contacts]
        together = [pair for pairs in found for pair in pairs]
        answer = self.asker.bulk(*({"Contact": contact} for contact in contacts))
        if not all(found) or len(set(together)) < len(together):
            assert answer.status == 400
            return
        assert answer.status == 202
        for pairs, contact in zip(found, contacts, strict=True):
            self.model.write(self.model.resolve(pairs, []), contact)

    @rule(contact=CONTACTS)
    def create(self, contact: dict[str, object]) -> None:
        self._tick()
        answer = self.asker.ask("POST", DATA, {"traits": {"Contact": contact}})
        if not _identifiers(contact):
            assert answer.status == 400
            return
        person = self.model.resolve(_identifiers(contact), [])
        self.model.write(person, contact)
        assert (answer.status, answer.body["id"]) == (202, person.id)

    @rule(number=st.integers(0, 30), contact=CONTACTS, is_deletion=st.booleans())
    def patch(self, number: int, contact: dict[str, object], is_deletion: bool) -> None:
        traits = contact | ({"firstName": None} if is_deletion else {})
        person, answer = self._ask_about(number, "PATCH", body={"traits": {"Contact": traits}})
        if person:
            assert answer.status == 202
            self.model.write(self.model.resolve(_identifiers(traits), [person]), traits)

    @rule(number=st.integers(0, 30), identifier=IDENTIFIERS)
    def add_identifier(self, number: int, identifier: tuple[str, str]) -> None:
        id_type, raw = identifier
        person, answer = self._ask_about(number, "POST", "/Identifiers", {"idType": id_type, "value": raw})
        if person:
            assert answer.status == 202
            self.model.resolve([(id_type, RAW[id_type][raw])], [person])

    @rule(number=st.integers(0, 30), id_type=st.sampled_from(sorted(LIMITS)), is_all=st.booleans())
    def delete_identifier(self, number: int, id_type: str, is_all: bool) -> None:
        query = "?removeAll=true" if is_all else ""
        person, answer = self._ask_about(number, "DELETE", f"/Identifiers/{id_type}{query}")
        if not person:
            return
        held = person.identifiers.pop(id_type, [])
        assert answer.status == (202 if held else 404)
        rest = [] if is_all else held[1:] if LIMITS[id_type][1] == "fifo" else held[:-1]
        if rest:
            person.identifiers[id_type] = rest

    @rule(number=st.integers(0, 30), old=IDENTIFIERS, new=IDENTIFIERS)
    def patch_identifier(self, number: int, old: tuple[str, str], new: tuple[str, str]) -> None:
        id_type, is_same_type = old[0], old[0] == new[0]
        body = {"idType": new[0], "oldValue": old[1], "newValue": new[1]}
        person, answer = self._ask_about(number, "PATCH", f"/Identifiers/{id_type}", body)
        if not person:
            return
        held = person.identifiers.get(id_type, [])
        former = RAW[id_type][old[1]]
        expected = 400 if not is_same_type else 404 if not held else 202 if former in held else 409
        assert answer.status == expected
        if expected != 202:
            return
        later = RAW[id_type][new[1]]
        if former != later:
            held.remove(former)
            if not held:
                del person.identifiers[id_type]
        self.model.resolve([(id_type, later)], [person])

    @rule(number=st.integers(0, 30))
    def delete(self, number: int) -> None:
        person, answer = self._ask_about(number, "DELETE")
        if person:
            assert answer.status == 202
            person.is_deleted, person.identifiers = True, {}

    @rule(number=st.integers(0, 30), contents=st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
    def observe(self, number: int, contents: list[str]) -> None:
        items = [
            {"content": content, "source": "crm", "occurredAt": "2026-01-01T00:00:00Z"}
            for content in contents
        ]
        person, answer = self._ask_about(number, "POST", "/Observations", {"observations": items})
        if person:
            assert answer.status == 202
            person.notes += contents

    @rule(identifier=IDENTIFIERS)
    def look_up(self, identifier: tuple[str, str]) -> None:
        id_type, raw = identifier
        answer = self.asker.ask("POST", f"{DATA}/Lookup", {"idType": id_type, "value": raw})
        value = RAW[id_type][raw]
        holders = [person.id for person in self.model.holders(id_type, value)]
        assert answer.body == {"normalizedValue": value, "profiles": holders}

    @rule(number=st.integers(0, 30))
    def fetch(self, number: int) -> None:
        person, answer = self._ask_about(number, "GET")
        if person:
            contact = {name: value for name, (value, _) in person.traits.items()}
            assert answer.body["traits"] == ({"Contact": contact} if contact else {})

    @rule(size=st.integers(1, 4), order=st.sampled_from(["ASC", "DESC"]))
    def page_through(self, size: int, order: str) -> None:
        listed, query = [], ""
        while True:
            page = self.asker.ask("GET", f"{DATA}?pageSize={size}&orderBy={order}{query}").body
            listed += page["profiles"]
            if "nextToken" not in page["meta"]:
                break
            query = f"&pageToken={page['meta']['nextToken']}"
        expected = [person.id for person in self.model.living()]
        assert listed == (expected if order == "ASC" else expected[::-1])

    @invariant()
    def holds_the_same_people(self) -> None:
        Comparison.operations += 1
        held = [
            (
                each["id"],
                each["traits"].get("Contact", {}),
                each["identifiers"],
                sorted(note["content"] for note in each["observations"]),
            )
            for each in self.asker.profiles()
        ]
        expected = [
            (
                person.id,
                {name: value for name, (value, _) in person.traits.items()},
                {name: values for name, values in person.identifiers.items() if values},
                sorted(person.notes),
            )
            for person in self.model.living()
        ]
        assert held == expected


EXAMPLES = int(os.environ.get("EXAMPLES", "20"))  # see `make soak`


def test_thousands_of_operations_leave_the_emulator_and_the_model_alike() -> None:
    Comparison.operations = 0
    run_state_machine_as_test(
        Comparison,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=100,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Comparison.operations >= 75 * EXAMPLES
