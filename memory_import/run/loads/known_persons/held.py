"""Holds the identifier values that left, or are about to, and are not known to have arrived."""

import polars as pl

from memory_import.columns import ID_TYPE, OUTCOME, POS, VALUE
from memory_import.ledger.known.store import HELD
from memory_import.ledger.known.table import AT, PLACES_SCHEMA, SEGMENT, Table
from memory_import.ledger.report.outcomes import Outcome
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.judged import JudgedPersons, is_landed, open_persons
from memory_import.run.loads.known_persons.people import hash_names, narrow_words
from memory_import.run.loads.known_persons.staged import NAME, list_persons
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.identity.names import WordHashes

_PLACED = {ID_TYPE: pl.String, VALUE: pl.String, **PLACES_SCHEMA}


def hold_persons(run: RunContext, spec: ProfilesSpec) -> None:
    """Hold every identifier value that an unfinished run may have sent, unless that was done before.

    Its own spec asks its staged rows; other specs ask what is held.
    """
    persons = open_persons(run, spec)
    if persons is None or _find_own(persons.held, run.run_id).height:
        return
    listed = list_persons(persons.staging, persons.plan)
    persons.held.change(
        added=(list_held(frame, run) for frame in listed),
        voided=pl.DataFrame(schema=PLACES_SCHEMA),
        facts=persons.held.facts,
    )


def hold_on(persons: JudgedPersons, *, is_superseded: bool) -> None:
    """Hold what may have arrived, and nothing that is known by now."""
    held, run = persons.held, persons.run
    if not held.rows and persons.unsettled.is_empty():
        return
    pair = [ID_TYPE, VALUE]
    earlier = [
        rows.filter(pl.col("run") != run.run_id).select(*pair, SEGMENT, AT)
        for rows in held.scan(*pair, "run")
    ]
    others = pl.concat([pl.DataFrame(schema=_PLACED), *earlier])
    arrived = [pl.DataFrame(schema=PLACES_SCHEMA)]
    kept = []
    for frame in persons.judged(None if others.height else persons.unsettled):
        is_known = is_landed()
        is_unsent = (pl.col(OUTCOME) == Outcome.PENDING.value) & pl.lit(is_superseded)
        kept.append(list_held(frame.filter(~is_known & ~is_unsent), run))
        kept.append(list_held(frame.filter(is_known & ~pl.col("is_whole")), run))
        if others.height:
            values = frame.filter(is_known & pl.col("is_whole")).select("identifiers")
            stated = values.explode("identifiers").unnest("identifiers")
            arrived.append(others.join(stated, on=pair, how="semi").select(SEGMENT, AT))
    held.change(
        added=kept, voided=pl.concat([_find_own(held, run.run_id), *arrived]).unique(), facts=held.facts
    )


def list_held(persons: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    """HELD of the values of these persons (STAGED) that are not known to be theirs."""
    named = persons.select(
        POS,
        "identifiers",
        words=hash_names(persons[NAME], WordHashes(narrow_words(run.known.hash))),
        run=pl.lit(run.run_id),
    )
    stated = named.explode("identifiers", empty_as_null=False).unnest("identifiers")
    known = persons.select(POS, "known_identifiers").drop_nulls()
    if known.is_empty():
        return stated.select(list(HELD))
    known = known.explode("known_identifiers", empty_as_null=False).unnest("known_identifiers")
    return stated.join(known, on=[POS, ID_TYPE, VALUE], how="anti").select(list(HELD))


def _find_own(held: Table, run_id: str) -> pl.DataFrame:
    found = (rows.filter(pl.col("run") == run_id).select(SEGMENT, AT) for rows in held.scan("run"))
    return pl.concat([pl.DataFrame(schema=PLACES_SCHEMA), *found])
