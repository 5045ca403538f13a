"""Connected components of links, found in columns: connected nodes and no others."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_import.transforms.identity.components import find_components, link_equals

EDGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60)


def make_links(edges, dtype=pl.Int64):
    return pl.DataFrame(edges, schema={"a": dtype, "b": dtype}, orient="row")


def union_find(edges):
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
    assert find_components(make_links(edges)).rows() == union_find(edges)


@given(st.permutations(range(60)))
@settings(max_examples=100)
def test_a_chain_in_any_order_is_one_group(order):
    links = make_links(list(pairwise(order)))

    assert find_components(links).rows() == [(node, 59) for node in range(60)]


@pytest.mark.parametrize("dtype", [pl.UInt32, pl.Int64])
def test_positions_keep_their_type(dtype):
    groups = find_components(make_links([(7, 3)], dtype))

    assert groups.rows() == [(3, 7), (7, 7)]
    assert groups.schema == {"node": dtype, "root": dtype}


@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled"])
def test_a_chain_of_100_000_rows_is_one_group(shuffled):
    rows = pl.Series("a", range(100_000)).shuffle(seed=1) if shuffled else pl.Series("a", range(100_000))
    links = pl.DataFrame({"a": rows[:-1], "b": rows[1:]})

    groups = find_components(links)

    assert groups["root"].unique().to_list() == [99_999]
    assert groups["node"].to_list() == list(range(100_000))


def test_rows_are_linked_to_the_last_that_holds_their_value():
    identifiers = pl.DataFrame(
        [(5, "phone:+1"), (2, "phone:+1"), (9, "phone:+1"), (2, "email:a"), (5, "email:a"), (7, "email:b")],
        schema={"_pos": pl.Int64, "value": pl.String},
        orient="row",
    )

    assert sorted(link_equals(identifiers, "_pos", "value").rows()) == [(5, 2), (9, 2), (9, 5)]


def test_a_row_that_holds_a_value_twice_is_not_linked_to_itself():
    identifiers = pl.DataFrame({"_pos": [4, 4], "value": ["phone:+1", "phone:+1"]})

    assert link_equals(identifiers, "_pos", "value").is_empty()


def test_partitions_by_value_give_the_same_groups_as_the_whole():
    identifiers = pl.DataFrame(
        {
            "_pos": [n // 2 for n in range(4_000)],
            "value": [f"email:{(n * 7919) % 2_900}" for n in range(4_000)],
        }
    )
    parts = identifiers.with_columns(part=pl.col("value").hash() % 7).partition_by("part")

    links = pl.concat([link_equals(part, "_pos", "value") for part in parts])

    assert find_components(links).equals(find_components(link_equals(identifiers, "_pos", "value")))
    assert find_components(links)["root"].n_unique() > 1
