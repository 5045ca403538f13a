"""Small hostile worlds for the rule of persons, and the rule asked about them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

import polars as pl

from memory_import.transforms.identity.claims import code_claims
from memory_import.transforms.identity.names import read_names
from memory_import.transforms.identity.persons import PersonPolicy, Persons, find_persons
from tests.support.persons_reference import Claimant, Found, Value

NAMES = (
    *(
        None,
        "",
        None,
        "Ann Lee",
        "Ann Kay",
        "Ann",
        "A Lee",
        "A",
        "Lee Ann",
        "Bob Lee",
        "Bob",
        "B",
        "Anna Lee",
    ),
    *("Annabel Lee", "Ann Mary Lee", "Ann Lee Kay", "J Smith", "John Smith", "Jane Smith", "Jo Smith"),
    *("John J Smith", "Jonathan Smith", "Jon Smith", "李 明", "李"),
)


def make_world(random: Random, *, known: bool = False, own: bool = False) -> dict[int, Claimant]:
    """Up to eight rows that crowd on a few values; known people and past claims, and values of a type of
    one's own, where asked for. A value has one known holder at most."""
    values = [("phone", f"p{n}") for n in range(random.randint(1, 4))]
    values += [("email", f"e{n}") for n in range(random.randint(1, 4))]
    contact = list(values)
    values += [("user_id", f"u{n}") for n in range(random.randint(0, 2) if own else 0)]
    names = random.sample(NAMES, random.randint(1, 6)) if random.random() < 0.85 else [None]
    world = {
        row: Claimant(
            random.choice(names), frozenset(random.sample(values, random.randint(1, min(4, len(values)))))
        )
        for row in range(random.randint(1, 8))
    }
    if known:
        free = random.sample(values, len(values))
        for number in range(random.randint(0, 3)):
            size = random.randint(1, 2)
            held, free = free[:size], free[size:]
            if held:
                world[-1 - number] = Claimant(random.choice(names), frozenset(held))
        if random.random() < 0.4:
            for number in range(random.randint(1, 3)):
                world[-10 - number] = Claimant(
                    random.choice(names), frozenset({random.choice(contact)}), is_past=True
                )
    return world


def put_together(worlds: Sequence[Mapping[int, Claimant]]) -> dict[int, Claimant]:
    """Many worlds as one in which none has anything to do with another: one call takes as long as ten."""
    return {
        (at * 100 + number if number >= 0 else number - at * 100): Claimant(
            claimant.name,
            frozenset((id_type, f"{value}/{at}") for id_type, value in claimant.values),
            claimant.is_past,
        )
        for at, world in enumerate(worlds)
        for number, claimant in world.items()
    }


def find(world: Mapping[int, Claimant], order: Random | None = None, **policy: object) -> Persons:
    """What the rule finds, its input in a random order."""
    numbers = list(world)
    claims = [(number, *value) for number in numbers for value in world[number].values]
    if order is not None:
        order.shuffle(claims)
        order.shuffle(numbers)
    past = pl.Series([number for number in numbers if world[number].is_past], dtype=pl.Int64)
    names = read_names(
        pl.Series(numbers, dtype=pl.Int64),
        [pl.Series([world[number].name for number in numbers], dtype=pl.String)],
    )
    schema = {"claimant": pl.Int64, "id_type": pl.String, "value": pl.String}
    frame = pl.DataFrame(claims, schema=schema, orient="row")
    return find_persons(code_claims(frame), names, PersonPolicy(past=past, **policy))


def as_sets(found: Persons) -> tuple[set[frozenset[int]], dict[tuple[int, Value], str], dict[Value, int]]:
    """Persons, claims left out with their codes, and shared values with their people."""
    persons = defaultdict(set)
    for claimant, person in found.persons.iter_rows():
        persons[person].add(claimant)
    left_out = {
        (claimant, (id_type, value)): code for claimant, id_type, value, code in found.left_out.iter_rows()
    }
    shared = found.values.filter(pl.col("verdict") == "shared").select("id_type", "value", "people")
    return (
        {frozenset(person) for person in persons.values()},
        left_out,
        {(id_type, value): people for id_type, value, people in shared.iter_rows()},
    )


def as_expected(
    worlds: Sequence[Mapping[int, Claimant]], found: Sequence[Found]
) -> tuple[set[frozenset[int]], dict[tuple[int, Value], str], dict[Value, int]]:
    """The same of what the reference found of each world, as `put_together` numbers it."""
    persons, left_out, shared = set(), {}, {}
    for at, (world, of_world) in enumerate(zip(worlds, found, strict=True)):

        def numbered(number: int, at: int = at) -> int:
            return at * 100 + number if number >= 0 else number - at * 100

        def named(value: Value, at: int = at) -> Value:
            return value[0], f"{value[1]}/{at}"

        persons |= {frozenset(map(numbered, person)) for person in of_world.persons}
        left_out |= {(numbered(n), named(value)): code for (n, value), code in of_world.left_out.items()}
        claimed = {value for n, claimant in world.items() if n >= 0 for value in claimant.values}
        shared |= {named(value): people for value, people in of_world.shared.items() if value in claimed}
    return persons, left_out, shared
