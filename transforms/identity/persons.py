"""Who is one person: the rule, in columns.

Claimants (rows, and people who are known already) claim identifier values. Of each value the *people* are the
names inside no other, its anchors; claimants without a name are told apart by the values they hold. A value
of too many people identifies nobody. Any other links claimants of equal full name, and a partial or blank
name to its only anchor. Where there are several anchors people disagree about the value: it stays with who
holds it already, or with nobody. Persons are the components of these links, and in each one name holds all
others: where it does not, a blank row stands between two people, say, the links of such rows are cut; see
`links`.

Two shared values prove no more than one: an office shares an address and a switchboard. Nothing is decided
by the order of rows, and no two people whose names disagree are ever one person; but for values of a type of
one's own, such as `user_id`, which tie their claimants whatever the names.
"""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from memory_import.transforms.codes import Reason
from memory_import.transforms.identity.claims import CodedClaims
from memory_import.transforms.identity.components import link_equals, roots_of
from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.identity.links import link_persons
from memory_import.transforms.identity.names import BLANK, Names
from memory_import.transforms.identity.nodes import VALUES, WORDS, Nodes, is_known, make_nodes, tell_by_values

OnConflict = Literal["separate", "merge", "reject"]


@dataclass(frozen=True, kw_only=True)
class PersonPolicy:
    """What the spec says of persons. `past` (Int64): claimants that stand for an earlier claim on one value
    and nothing else; they count as people, hold nothing and are no person of this run."""

    max_people: int = 10
    on_conflict: OnConflict = "separate"
    past: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Int64))


@dataclass(frozen=True, kw_only=True)
class Persons:
    """What was found; no frame has an order.

    `persons`: `claimant`, `person` Int64 of all claimants but past ones; a person is its largest claimant.
    `left_out`: `claimant`, `id_type`, `value`, `code`: claims of rows that are not theirs to send.
    `values`: `place` (as coded), `id_type`, `value`, `rows`, `people` UInt32, `verdict` (`shared`,
    `contested` or `bridged`), `holder`
        Int64: every value that some row goes without. `rows` are those that claim it, `people` its anchors.
        `bridged` has one anchor, and rows between two people claim it as well. `holder` is the person that
        keeps it.
    `anchors`: `place`, `name`: the people, where they have names, of values that no known people claim; none
        where values of one's own tie claimants.
    """

    persons: pl.DataFrame
    left_out: pl.DataFrame
    values: pl.DataFrame
    anchors: pl.DataFrame


def find_persons(coded: CodedClaims, names: Names, policy: PersonPolicy) -> Persons:
    """Find the persons of claimants (rows from 0, known people and past claims below).

    All values of a claimant that shares one must be there, also those that are its own.
    """
    own, contact = (
        coded.several.filter(where).drop("contact") for where in (~pl.col("contact"), pl.col("contact"))
    )

    crowded_own = _find_crowded_own(own, names, policy.max_people)
    ties = own.join(crowded_own, on="place", how="anti")
    telling = _keep_nameless(coded.every, names).join(crowded_own, on="place", how="anti")
    nodes = make_nodes(telling, coded.every["claimant"], ties, names, policy.past)
    pairs = contact.join(nodes.members, on="claimant").select("node", "place")
    pairs = pairs.unique() if len(ties) else pairs
    crowded, anchors = _find_crowded(nodes, _place(nodes, pairs), policy.max_people)
    of_known = contact.filter(is_known(policy.past))
    contact, pairs = (frame.join(crowded, on="place", how="anti") for frame in (contact, pairs))
    nodes = tell_by_values(nodes, telling.join(crowded, on="place", how="anti"))
    placed = _place(nodes, pairs)
    people = nodes.find_people(placed).with_columns(people=pl.len().over("place"))
    named = people.filter(pl.col("rank") == WORDS).select(anchors.columns)
    anchors = pl.concat([anchors, named]).join(of_known, on="place", how="anti")

    found = (
        _merge_all(nodes, placed) if policy.on_conflict == "merge" else link_persons(nodes, placed, people)
    )
    persons = _name_persons(nodes, found)
    owners = _find_owners(nodes, placed, people, contact, persons, merges=policy.on_conflict == "merge")
    shared = pl.concat([crowded, crowded_own]).with_columns(
        verdict=pl.lit("shared"), owner=pl.lit(None, pl.Int64)
    )
    owners = pl.concat([owners, shared.select(owners.columns)])
    left_out, reported = _leave_out(coded.several, persons, owners)
    return Persons(
        persons=persons.filter(~pl.col("claimant").is_in(policy.past.implode())),
        left_out=left_out.join(coded.values, on="place").select("claimant", "id_type", "value", "code"),
        values=reported.join(coded.values, on="place").select(
            "place", "id_type", "value", "rows", "people", "verdict", holder="owner"
        ),
        anchors=anchors.clear() if len(ties) else anchors,
    )


def _find_crowded_own(own: pl.DataFrame, names: Names, most: int) -> pl.DataFrame:
    """`place`, `people` of the values of one's own that people of too many names claim."""
    named = own.join(names.keys, on="claimant").filter(pl.col("name") != BLANK)
    anchors = find_anchors(named.select("place", "name"), names)
    return anchors.group_by("place").agg(people=pl.len()).filter(pl.col("people") > most)


def _keep_nameless(claims: pl.DataFrame, names: Names) -> pl.DataFrame:
    """`claimant`, `place` of claimants without a name: these are told apart by their values."""
    named = names.keys.filter(pl.col("name") != BLANK)
    return claims.join(named, on="claimant", how="anti").select("claimant", "place")


def _place(nodes: Nodes, pairs: pl.DataFrame) -> pl.DataFrame:
    """`node`, `place`, `rank`, `name` of the values that several nodes claim (`node`, `place`)."""
    return pairs.filter(pl.len().over("place") > 1).join(nodes.named, on="node")


def _find_crowded(nodes: Nodes, placed: pl.DataFrame, most: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`place`, `people` of the values that too many people claim, by their names or, without, by their
    values; and `place`, `name` of the people by their names."""
    many = placed.filter(pl.len().over("place") > most)
    anchors = {rank: nodes.find_anchors(many, rank) for rank in (VALUES, WORDS)}
    counts = pl.concat(found.group_by("place").agg(people=pl.len()) for found in anchors.values())
    crowded = counts.group_by("place").agg(pl.col("people").max()).filter(pl.col("people") > most)
    return crowded, anchors[WORDS].join(crowded, on="place", how="semi")


def _merge_all(nodes: Nodes, placed: pl.DataFrame) -> pl.DataFrame:
    """`node`, `person` of the nodes that share a value, where all who claim it are one."""
    present = placed.filter(~pl.col("node").is_in(nodes.past.implode()))
    sharing = placed["node"].unique()
    return pl.DataFrame({"node": sharing, "person": roots_of(sharing, link_equals(present, "node", "place"))})


def _name_persons(nodes: Nodes, found: pl.DataFrame) -> pl.DataFrame:
    """`claimant`, `person`, after its largest claimant that is no past one; null where all are. `found`:
    `node`, `person` of nodes that are no persons of their own."""
    present = pl.when(~pl.col("claimant").is_in(nodes.past.implode())).then("claimant")
    members = nodes.members.join(found, on="node", how="left").with_columns(
        pl.coalesce("person", "node").alias("person"), present=present
    )
    return members.select("claimant", person=pl.col("present").max().over("person"))


def _find_owners(
    nodes: Nodes,
    placed: pl.DataFrame,
    people: pl.DataFrame,
    claims: pl.DataFrame,
    persons: pl.DataFrame,
    *,
    merges: bool,
) -> pl.DataFrame:
    """`place`, `people`, `verdict`, `owner` (the person that a value stays with, null for nobody) of the
    values that several nodes claim."""
    claimed = claims.filter(is_known(nodes.past)).join(persons, on="claimant")
    holders = claimed.group_by("place").agg(
        holder=pl.col("person").max(), holders=pl.col("person").n_unique()
    )
    anchoring = placed if merges else placed.join(people, on=["place", "rank", "name"], how="semi")
    holding = nodes.members.join(anchoring, on="node", how="semi")
    of_nodes = holding.join(persons, on="claimant").select("node", "person").unique()
    of_anchors = (
        anchoring.select("place", "node")
        .join(of_nodes, on="node")
        .group_by("place")
        .agg(anchor=pl.col("person").max())
    )
    places = (
        placed.select("place")
        .unique()
        .join(people.select("place", "people").unique(), on="place", how="left")
    )
    is_theirs = pl.lit(value=merges) | (pl.col("people") == 1)
    return (
        places.join(holders, on="place", how="left")
        .join(of_anchors, on="place", how="left")
        .select(
            "place",
            "people",
            verdict=pl.when(pl.col("people") > 1).then(pl.lit("contested")).otherwise(pl.lit("bridged")),
            owner=pl.when(pl.col("holders") > 1)
            .then(None)
            .when(pl.col("holders") == 1)
            .then("holder")
            .when(is_theirs)
            .then("anchor"),
        )
    )


def _leave_out(
    claims: pl.DataFrame, persons: pl.DataFrame, owners: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`claimant`, `place`, `code` of the claims of rows that are not theirs; of these places `place`,
    `people`, `verdict`, `owner`, `rows`."""
    claimed = claims.filter(pl.col("claimant") >= 0).join(owners, on="place").join(persons, on="claimant")
    rows = claimed.group_by("place").agg(rows=pl.len())
    lost = claimed.filter(pl.col("person").ne_missing(pl.col("owner")))
    shared, contested = Reason.IDENTIFIER_SHARED.value, Reason.IDENTIFIER_CONTESTED.value
    code = pl.when(pl.col("verdict") == "shared").then(pl.lit(shared)).otherwise(pl.lit(contested))
    reported = owners.join(lost, on="place", how="semi").join(rows, on="place")
    return lost.select("claimant", "place", code=code), reported
