"""Who holds an identifier, as far as that can be said without asking the store: this input, and what is
known."""

from collections.abc import Iterator
from functools import partial

import polars as pl

from memory_import.columns import ERROR_CODE, ID_TYPE, KNOWN_PERSON, POS, REPRESENTATIVE, TRAIT, VALUE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.staging.layout import within
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.stored_values import read_values
from memory_import.spec.memories import normalization
from memory_import.spec.plans import profile_plan
from memory_import.transforms.identity.components import link_equals, roots_of
from memory_import.transforms.identity.groups import list_identifiers
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan
from memory_import.transforms.prepare import identify

_IDENTIFIER = [ID_TYPE, VALUE]
HELD = {"person": pl.Int64, ID_TYPE: pl.String, VALUE: pl.String}


def find_people(run: RunContext, wanted: pl.DataFrame) -> pl.DataFrame:
    """HELD: all identifiers of the people who hold a wanted one (`id_type`, `value`), once each.

    People are those of whom a row of this input is sent or unchanged, and those that are known; a known one
    that has rows is one person with them. `person` is a number without further meaning.
    """
    of_input = _list_whole(partial(_list_input, run), wanted)
    sought = pl.concat(frame.select(_IDENTIFIER) for frame in (wanted, of_input))
    of_known = _list_whole(partial(_list_known, run), sought)
    held = pl.concat([of_input, of_known])
    people = held["person"].unique()
    roots = roots_of(people, link_equals(held, "person", *_IDENTIFIER))
    rooted = held.join(pl.DataFrame({"person": people, "root": roots}), on="person")
    return rooted.select(pl.col("root").alias("person"), *_IDENTIFIER).unique()


def _list_whole(listing: "partial[Iterator[pl.DataFrame]]", wanted: pl.DataFrame) -> pl.DataFrame:
    """HELD of those listed who hold a wanted identifier, with all that they hold."""
    wanted = wanted.select(_IDENTIFIER).unique()
    nobody = pl.Series("person", dtype=pl.Int64)
    holders = pl.concat([nobody, *(_who(held, wanted) for held in listing())]).unique().implode()
    whole = (held.filter(pl.col("person").is_in(holders)) for held in listing())
    return pl.concat([pl.DataFrame(schema=HELD), *whole])


def _who(held: pl.DataFrame, wanted: pl.DataFrame) -> pl.Series:
    return held.join(wanted, on=_IDENTIFIER, how="semi")["person"]


def _list_input(run: RunContext) -> Iterator[pl.DataFrame]:
    """HELD of the rows of this input that are not refused, part by part; a person is the row that stands for
    it. Rows of which nothing was made are left out: their person is known by all that they state."""
    load, spec = run.ledger.load(run.run_id, PROFILES), run.spec.profiles
    if load is None or spec is None:
        return
    identifiers = tuple(
        IdentifierPlan(trait=trait, id_type=id_type, normalization=normalization(id_type))
        for trait, id_type in load.identifiers.items()
    )
    plan, staging = profile_plan(spec, identifiers), run.staging(PROFILES)
    for part in staging.parts:
        yield _list_part(staging, plan, part)


def _list_part(staging: Staging, plan: ProfilePlan, part: str) -> pl.DataFrame:
    positions = staging.positions[part]
    refused = within(staging.late_rejects.sort(POS), positions)[POS]
    is_made = pl.col(ERROR_CODE).is_null() & pl.col(KNOWN_PERSON).is_null()
    made = staging.read(part, POS, ERROR_CODE, KNOWN_PERSON)
    made = made.filter(is_made, ~pl.col(POS).is_in(refused.implode()))
    values = read_values(staging, plan, part, made[POS] - positions.start)
    rows = made.hstack(identify(values, plan))
    further = staging.further_identifiers(part).join(rows.select(POS), on=POS, how="semi")
    stated = list_identifiers(rows, plan, further)
    left_out = within(staging.left_out, positions)
    kept = stated.join(left_out, on=[POS, TRAIT, VALUE], how="anti")
    stands = kept.join(within(staging.members, positions), on=POS, how="left")
    return stands.select(pl.coalesce(REPRESENTATIVE, POS).alias("person"), *_IDENTIFIER)


def _list_known(run: RunContext) -> Iterator[pl.DataFrame]:
    """HELD of the known people, below 0; of what cannot be read nobody is known."""
    try:
        table = run.known.persons()
    except KnownDamaged:
        return
    for rows in table.scan("person", "identifiers"):
        listed = rows.explode("identifiers", empty_as_null=False).unnest("identifiers")
        yield listed.select((-1 - pl.col("person")).alias("person"), *_IDENTIFIER)
