"""Which identifier values somebody has who is present: a profile that shows one is left alone."""

from collections.abc import Iterator

import polars as pl

from memory_import.columns import ID_TYPE, VALUE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import KnownSpec
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.gone import list_mentioned
from memory_import.run.loads.stored_values import read_values
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import identify


def find_present(run: RunContext, spec: ProfilesSpec, plan: ProfilePlan, shown: set[str]) -> set[str]:
    """Of these values those that a row of the input states, that somebody known has who is not due to be
    deleted, or that left for somebody else and may have arrived; by any spec of this state.

    Of other specs, people who are gone from their inputs are not present. Where what is known cannot be read,
    all are.
    """
    texts = pl.Series("shown", sorted(shown), dtype=pl.String)
    plain = texts.str.strip_chars().str.to_lowercase()
    hashes = pl.DataFrame({"shown": pl.concat([texts, texts]), "hash": pl.concat([texts, plain]).hash()})
    found = set[str]()
    try:
        for values in _list_present(run, run.staging(PROFILES), spec, plan):
            found |= set(hashes.filter(pl.col("hash").is_in(values.unique().implode()))["shown"])
    except KnownDamaged:
        return shown
    return found


def find_stated_elsewhere(run: RunContext, former: pl.DataFrame) -> set[int]:
    """`number` of those of `former` (`number`, `id_type`, `value`, `successor`) whose value somebody present
    is known to have by another spec, who does not have the successor: their rows may state it still. Where
    that cannot be read, all."""
    found = set[int]()
    try:
        for other in run.known.others():
            for people in other.persons().scan("person", "identifiers", "last_run"):
                present = people.filter(pl.col("last_run").is_null()).select("person", "identifiers")
                held = present.explode("identifiers", empty_as_null=False).unnest("identifiers")
                having = former.join(held, on=[ID_TYPE, VALUE])
                moved_on = having.join(
                    held,
                    left_on=["person_right", ID_TYPE, "successor"],
                    right_on=["person", ID_TYPE, VALUE],
                    how="semi",
                )
                found |= set(having["number"]) - set(moved_on["number"])
    except KnownDamaged:
        return set(former["number"])
    return found


def _list_present(
    run: RunContext, staging: Staging, spec: ProfilesSpec, plan: ProfilePlan
) -> Iterator[pl.Series]:
    """Hashes (UInt64) of all values that somebody has who is present, some at a time."""
    for part in staging.parts:  # hashes that were staged may be those of another version
        stated = identify(read_values(staging, plan, part), plan).get_columns()
        for values in (*stated, staging.further_identifiers(part)[VALUE]):
            yield values.drop_nulls().hash()
    for mentioned in list_mentioned(staging, spec, plan):
        yield mentioned[VALUE].hash()
    due = staging.due["person"].implode()
    for people in run.known.persons().scan("person", "identifiers"):
        yield _hash(people.filter(~pl.col("person").is_in(due)))
    own = staging.gone.filter(pl.col("person").is_in(due)).select(ID_TYPE, VALUE).unique()
    for held in run.known.held.scan(ID_TYPE, VALUE):
        yield held.join(own, on=[ID_TYPE, VALUE], how="anti")[VALUE].hash()
    for other in run.known.others():
        yield from _list_of_other(other)


def _list_of_other(other: KnownSpec) -> Iterator[pl.Series]:
    for people in other.persons().scan("identifiers", "last_run"):
        yield _hash(people.filter(pl.col("last_run").is_null()))
    for held in other.held.scan(VALUE):
        yield held[VALUE].hash()


def _hash(people: pl.DataFrame) -> pl.Series:
    listed = people.select("identifiers").explode("identifiers", empty_as_null=False)
    return listed.select(pl.col("identifiers").struct.field(VALUE).hash())["value"]
