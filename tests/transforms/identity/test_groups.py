"""Identity groups: connected rows and no others, found in columns."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.transforms.identity.groups import (
    BLOCKED_HASH,
    find_repeated,
    group_links,
    hash_columns,
    hash_identifiers,
    link_rows,
    list_identifiers,
)
from memory_import.transforms.plan import IdentifierPlan
from tests.support.plans import make_plan, make_trait

FURTHER = {"_pos": pl.Int64, "trait": pl.String, "id_type": pl.String, "value": pl.String}
NOTHING = pl.DataFrame(schema={"id_type": pl.String, "value": pl.String})
EDGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60)


def make_links(edges, dtype=pl.Int64):
    return pl.DataFrame(edges, schema={"a": dtype, "b": dtype}, orient="row")


def find_components(edges):
    """The largest node of the component of every node that has an edge to another, by union-find."""
    parent = {node: node for edge in edges for node in edge}

    def find(node):
        while parent[node] != node:
            node = parent[node]
        return node

    for a, b in edges:
        low, high = sorted((find(a), find(b)))
        parent[low] = high
    linked = {node for a, b in edges if a != b for node in (a, b)}
    return sorted((node, find(node)) for node in linked)


@given(EDGES)
@settings(max_examples=300)
def test_groups_are_the_connected_components(edges):
    assert group_links(make_links(edges)).rows() == find_components(edges)


@given(st.permutations(range(60)))
@settings(max_examples=100)
def test_a_chain_in_any_order_is_one_group(order):
    links = make_links(list(pairwise(order)))

    assert group_links(links).rows() == [(node, 59) for node in range(60)]


@pytest.mark.parametrize("dtype", [pl.UInt32, pl.Int64])
def test_positions_keep_their_type(dtype):
    groups = group_links(make_links([(7, 3)], dtype))

    assert groups.rows() == [(3, 7), (7, 7)]
    assert groups.schema == {"_pos": dtype, "_representative": dtype}


@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled"])
def test_a_chain_of_100_000_rows_is_one_group(shuffled):
    rows = pl.Series("a", range(100_000)).shuffle(seed=1) if shuffled else pl.Series("a", range(100_000))
    links = pl.DataFrame({"a": rows[:-1], "b": rows[1:]})

    groups = group_links(links)

    assert groups["_representative"].unique().to_list() == [99_999]
    assert groups["_pos"].to_list() == list(range(100_000))


def test_rows_are_linked_to_the_first_that_holds_their_value():
    identifiers = pl.DataFrame(
        [(5, "phone:+1"), (2, "phone:+1"), (9, "phone:+1"), (2, "email:a"), (5, "email:a"), (7, "email:b")],
        schema={"_pos": pl.Int64, "value": pl.String},
        orient="row",
    )

    assert sorted(link_rows(identifiers).rows()) == [(2, 5), (2, 9)]


def test_a_row_that_holds_a_value_twice_is_not_linked_to_itself():
    identifiers = pl.DataFrame({"_pos": [4, 4], "value": ["phone:+1", "phone:+1"]})

    assert link_rows(identifiers).is_empty()


def test_partitions_by_value_give_the_same_groups_as_the_whole():
    identifiers = pl.DataFrame(
        {
            "_pos": [n // 2 for n in range(4_000)],
            "value": [f"email:{(n * 7919) % 2_900}" for n in range(4_000)],
        }
    )
    parts = identifiers.with_columns(part=pl.col("value").hash() % 7).partition_by("part")

    links = pl.concat([link_rows(part.select("_pos", "value")) for part in parts])

    assert group_links(links).equals(group_links(link_rows(identifiers)))
    assert group_links(links)["_representative"].n_unique() > 1


def test_identifiers_are_listed_by_type():
    plan = make_plan(
        make_trait("Contact.mobile"),
        identifiers=(
            IdentifierPlan(trait="Contact.phone", id_type="phone", normalization="phone"),
            IdentifierPlan(trait="Contact.email", id_type="email", normalization="email"),
            IdentifierPlan(trait="Contact.mobile", id_type="phone", normalization="phone"),
        ),
    )
    rows = pl.DataFrame(
        {"_pos": [0, 1], "_id.phone": ["+1", None], "_id.email": ["a", "a"], "_id.phone.2": [None, "+1"]}
    )

    further = pl.DataFrame([(1, "Contact.email", "email", "b")], FURTHER, orient="row")

    assert sorted(list_identifiers(rows, plan, further).rows()) == [
        (0, "Contact.email", "email", "a"),
        (0, "Contact.phone", "phone", "+1"),
        (1, "Contact.email", "email", "a"),
        (1, "Contact.email", "email", "b"),
        (1, "Contact.mobile", "phone", "+1"),
    ]


def test_equal_identifiers_have_equal_hashes_and_blanks_have_none():
    plan = make_plan()
    rows = pl.DataFrame({"_id.phone": ["+1", None, "+1"], "_id.email": [None, "a", "b"]})

    hashes = hash_identifiers(rows, plan, NOTHING)

    assert hashes.columns == hash_columns(plan) == ["_hash.phone", "_hash.email"]
    phones, emails = hashes
    assert phones[0] == phones[2]
    assert phones.is_null().to_list() == [False, True, False]
    assert emails[1] != emails[2]


def test_a_blocked_value_has_the_hash_of_no_other():
    plan = make_plan()
    rows = pl.DataFrame({"_id.phone": ["+12125551212", "+12125550199"], "_id.email": ["a@x.com", "b@x.com"]})
    block = pl.DataFrame({"id_type": ["email"], "value": ["b@x.com"]})

    phones, emails = hash_identifiers(rows, plan, block)

    assert (phones == BLOCKED_HASH).to_list() == [True, False]
    assert (emails == BLOCKED_HASH).to_list() == [False, True]


def test_a_hash_that_stands_more_than_once_is_repeated_and_a_blank_is_not():
    hashes = pl.Series([5, None, 7, 5, 9, 5, None, 9], dtype=pl.UInt64)

    assert sorted(find_repeated(hashes)) == [5, 9]
