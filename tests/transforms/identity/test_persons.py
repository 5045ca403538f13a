"""Who is one person: a table of small worlds, and thousands of hostile ones against the definitions."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import persons_reference as reference
from tests.support.persons_reference import Claimant, Name, words_of
from tests.support.persons_worlds import NAMES, as_expected, as_sets, find, make_world, put_together

# Of each world its rows, `name: values`; the persons as sets of row numbers; the values that nobody gets, or
# whom a value stays with, `value` -> rows. Values are emails with an `e`, phones with a `p`, customer ids
# with a `u`.
WORLDS = {
    "an office of five with one address and one switchboard": (
        ["Ann Lee: e p", "Bob Kay: e p", "Cy Day: e p", "Di Fox: e p", "Ed Gray: e p"],
        [{0}, {1}, {2}, {3}, {4}],
        {"e": (), "p": ()},
    ),
    "the same with own mobiles": (
        ["Ann Lee: e p p1", "Bob Kay: e p p2", "Cy Day: e p p3", "Di Fox: e p p4", "Ed Gray: e p p5"],
        [{0}, {1}, {2}, {3}, {4}],
        {"e": (), "p": (), "p1": (0,), "p5": (4,)},
    ),
    "a couple with email and landline shared and own mobiles": (
        ["Ann Lee: e p p1", "Bob Lee: e p p2"],
        [{0}, {1}],
        {"e": (), "p": (), "p1": (0,), "p2": (1,)},
    ),
    "a blank name between Anna and Bob": (
        ["Anna: p1", ": p1 p2", "Bob: p2"],
        [{0}, {1}, {2}],
        {"p1": (0,), "p2": (2,)},
    ),
    "a blank name between Anna and Bob with a value of its own": (
        ["Anna: p1", ": p1 p2 p3", "Bob: p2"],
        [{0}, {1}, {2}],
        {"p1": (0,), "p2": (2,), "p3": (1,)},
    ),
    "a blank name beside one that stands between": (
        ["Anna: p1", ": p1 p2", "Bob: p2", ": p1"],
        [{0, 3}, {1}, {2}],
        {"p1": (0, 3), "p2": (2,)},
    ),
    "a blank name beside Anna": (["Anna Lee: e", ": e p"], [{0, 1}], {"e": (0, 1), "p": (1,)}),
    "John Smith, J Smith, Jane Smith": (
        ["John Smith: e p1", "J Smith: e p2", "Jane Smith: e p3"],
        [{0}, {1}, {2}],
        {"e": (), "p1": (0,), "p2": (1,), "p3": (2,)},
    ),
    "John Smith and J Smith": (["John Smith: e p1", "J Smith: e p2"], [{0, 1}], {"e": (0, 1)}),
    "an initial between two of the same name": (
        ["John Smith: e", "J Smith: e p", "John Smith: p"],
        [{0, 1, 2}],
        {"e": (0, 1), "p": (1, 2)},
    ),
    "Ann Lee, Ann, Ann Kay": (["Ann Lee: e p1", "Ann: e p2", "Ann Kay: e p3"], [{0}, {1}, {2}], {"e": ()}),
    "Ann twice between Ann Lee and Ann Kay": (
        ["Ann Lee: p1", "Ann: p1 p2", "Ann: p2 p3", "Ann Kay: p3"],
        [{0}, {1, 2}, {3}],
        {"p1": (0,), "p2": (1, 2), "p3": (3,)},
    ),
    "capitals": (["Robert Lee: e", "ROBERT LEE: e"], [{0, 1}], {"e": (0, 1)}),
    "one word in capitals": (["Robert: e", "ROBERT: e"], [{0, 1}], {"e": (0, 1)}),
    "order and diacritics": (["Müller, Ana: e", "Ana Muller: e"], [{0, 1}], {"e": (0, 1)}),
    "a spelled umlaut": (["Ana Müller: e", "ana mueller: e"], [{0, 1}], {"e": (0, 1)}),
    "an apostrophe": (["Ann O'Brien: e", "Ann OBrien: e"], [{0, 1}], {"e": (0, 1)}),
    "no names and eight strangers with own mobiles": (
        [f": e p{n}" for n in range(8)],
        [{n} for n in range(8)],
        {"e": (), "p0": (0,), "p7": (7,)},
    ),
    "no names and eleven strangers": ([f": e p{n}" for n in range(11)], [{n} for n in range(11)], {"e": ()}),
    "no names and one row inside another": ([": e", ": e p"], [{0, 1}], {"e": (0, 1), "p": (1,)}),
    "no names and a row inside two others": (
        [": e", ": e p1", ": e p2"],
        [{0}, {1}, {2}],
        {"e": (), "p1": (1,)},
    ),
    "fifty orders": ([*(50 * ["Ann Lee: e p"])], [set(range(50))], {"e": tuple(range(50))}),
    "fifty orders without a name": ([*(50 * [": e p"])], [set(range(50))], {"e": tuple(range(50))}),
    "orders of a couple": (
        ["Ann Lee: e p1", "Bob Lee: e p2", "Ann Lee: e p1", "Bob Lee: e p2"],
        [{0, 2}, {1, 3}],
        {"e": (), "p1": (0, 2), "p2": (1, 3)},
    ),
    "Cleo and Cleopatra": (["Cleo: e", "Cleopatra: e"], [{0, 1}], {"e": (0, 1)}),
    "Al and Alfred": (["Al: e", "Alfred: e"], [{0}, {1}], {"e": ()}),
    "twins": (["Mia Lee: e p", "Lia Lee: e p"], [{0}, {1}], {"e": (), "p": ()}),
    "a chain over five people": (
        ["Ann Lee: p1 p2", "Bob Kay: p2 p3", "Cy Day: p3 p4", "Di Fox: p4 p5", "Ed Gray: p5 p6"],
        [{0}, {1}, {2}, {3}, {4}],
        {"p1": (0,), "p2": (), "p3": (), "p4": (), "p5": (), "p6": (4,)},
    ),
    "a chain over five rows of one person": (
        ["Ann Lee: p1 p2", "Lee Ann: p2 p3", "Ann Lee: p3 p4", "A Lee: p4 p5", "Ann Lee: p5 p6"],
        [{0, 1, 2, 3, 4}],
        {"p1": (0,), "p2": (0, 1), "p6": (4,)},
    ),
    "a switchboard of eleven": (
        [f"Ann N{'abcdefghijk'[n]}x: p q{n}" for n in range(11)],
        [{n} for n in range(11)],
        {"p": ()},
    ),
    "a middle name": (["Ann Lee: e p1", "Ann Mary Lee: e p2"], [{0, 1}], {"e": (0, 1)}),
    "one sign is no initial": (["李: e p1", "李 明: e p2"], [{0, 1}], {"e": (0, 1)}),
    "one sign and a longer word": (["李: e p1", "李明: e p2"], [{0}, {1}], {"e": ()}),
    "equal customer ids whatever the names": (
        ["Ann Lee: u e", "Ann Kay: u p", "Bob: u"],
        [{0, 1, 2}],
        {"u": (0, 1, 2), "e": (0,), "p": (1,)},
    ),
    "a customer id and a stranger": (
        ["Ann Lee: u e", "Ann Kay: u p", "Bob Fox: p p1"],
        [{0, 1}, {2}],
        {"u": (0, 1), "p": (), "p1": (2,)},
    ),
    "a value of one's own": (["Ann Lee: e"], [{0}], {"e": (0,)}),
    "a full name in a contested value": (
        ["Ann Lee: e p1", "Ann Lee: e p2", "Bob Fox: e"],
        [{0, 1}, {2}],
        {"e": (), "p1": (0,), "p2": (1,)},
    ),
}
TYPES = {"e": "email", "p": "phone", "q": "phone", "u": "user_id"}


def read_world(rows):
    world = {}
    for number, row in enumerate(rows):
        name, _, values = row.partition(":")
        world[number] = Claimant(name, frozenset((TYPES[value[0]], value) for value in values.split()))
    return world


@pytest.mark.parametrize(("rows", "persons", "holders"), WORLDS.values(), ids=WORLDS)
def test_a_small_world_has_these_persons_in_any_order_of_its_rows(rows, persons, holders):
    random = Random(1)
    orders = [random.sample(range(len(rows)), len(rows)) for _ in range(30 if len(rows) < 20 else 3)]
    for tried in (orders[:1], orders):  # alone, and all beside each other in one call
        worlds = [dict(zip(order, read_world(rows).values(), strict=True)) for order in tried]
        found, left_out, _ = as_sets(find(put_together(worlds), random))

        assert found == {
            frozenset(at * 100 + order[row] for row in person)
            for at, order in enumerate(tried)
            for person in persons
        }
        for at, (order, world) in enumerate(zip(tried, worlds, strict=True)):
            for name, keeping in holders.items():
                value, here = (TYPES[name[0]], name), (TYPES[name[0]], f"{name}/{at}")
                claiming = {row for row, claimant in world.items() if value in claimant.values}
                kept = {row for row in claiming if (at * 100 + row, here) not in left_out}
                assert kept == {order[row] for row in keeping}, name


KINDS = {
    "rows alone": {},
    "with known people": {"known": True},
    "with ids of one's own": {"known": True, "own": True},
}
POLICIES = [(10, "separate"), (2, "separate"), (1, "separate"), (3, "merge")]


@pytest.mark.parametrize(("most", "on_conflict"), POLICIES)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_hostile_worlds_are_as_the_definitions_have_them(kind, most, on_conflict):
    worlds = [make_world(Random(f"{most}{on_conflict}{seed}"), **kind) for seed in range(300)]
    expected = as_expected(worlds, [reference.find_persons(world, most, on_conflict) for world in worlds])

    found = as_sets(find(put_together(worlds), Random(most), max_people=most, on_conflict=on_conflict))

    assert found == expected


VALUES = st.sampled_from(
    [("phone", "p1"), ("phone", "p2"), ("phone", "p3"), ("email", "e1"), ("email", "e2")]
)
GENERATED = st.lists(
    st.builds(Claimant, st.sampled_from(NAMES), st.frozensets(VALUES, min_size=1)), max_size=7
)


@given(GENERATED, st.integers(1, 10), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_nobody_who_disagrees_is_in_one_profile_and_every_value_is_in_one(claimants, most, random):
    world = dict(enumerate(claimants))
    persons, left_out, _ = as_sets(find(world, random, max_people=most))

    for person in persons:
        names = {Name(2, words_of(world[row].name)) for row in person if words_of(world[row].name)}
        assert len(reference.maximal(names)) <= 1, names
    person_of = {row: person for person in persons for row in person}
    for value in {value for claimant in claimants for value in claimant.values}:
        sending = {
            person_of[row] for row, c in world.items() if value in c.values and (row, value) not in left_out
        }
        assert len(sending) <= 1
    assert {row for person in persons for row in person} == set(world)


def test_a_value_stays_with_the_known_person_that_holds_it():
    world = {
        -1: Claimant("Ann Lee", frozenset({("phone", "p")})),
        0: Claimant("Bob Kay", frozenset({("phone", "p"), ("email", "e")})),
        1: Claimant("A Lee", frozenset({("phone", "p")})),
    }
    persons, left_out, _ = as_sets(found := find(world))

    assert persons == {frozenset({-1}), frozenset({0}), frozenset({1})}
    assert set(left_out) == {(0, ("phone", "p")), (1, ("phone", "p"))}
    assert found.values.select("verdict", "holder", "rows", "people").rows() == [("contested", -1, 2, 2)]


def test_strangers_of_several_days_add_up():
    day = {
        row: Claimant(f"Ann N{row}", frozenset({("email", "e"), ("phone", f"p{row}")})) for row in range(8)
    }
    before = {-1 - n: Claimant(f"Bob N{n}", frozenset({("email", "e")}), is_past=True) for n in range(8)}

    _, alone, shared_alone = as_sets(find(day))
    _, together, shared = as_sets(find(day | before))

    assert (set(alone.values()), shared_alone) == ({"identifier_contested"}, {})
    assert (set(together.values()), shared) == ({"identifier_shared"}, {("email", "e"): 16})


def test_nobody_claims_nothing():
    found = find({})

    assert (found.persons.height, found.left_out.height, found.values.height) == (0, 0, 0)
