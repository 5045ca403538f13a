"""What is known of people whose profiles are deleted is known no longer."""

import contextlib

import polars as pl

from memory_import.columns import ID_TYPE, VALUE
from memory_import.ledger.database.edits import IN_DOUBT, REMOVED, Edit, EditKind
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import PERSONS, KnownSpec
from memory_import.ledger.known.table import AT, SEGMENT, void
from memory_import.loads import MEMORY_LOADS, PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.remember_rows import forget_rows

_PAIR = [ID_TYPE, VALUE]


def forget_deleted(run: RunContext) -> None:
    """Forget who was deleted, with all memories, in every spec of this state, and hold their identifiers no
    longer; to do it twice is to do it once.

    Where nobody knows whether a profile goes, all of the person is sent again should it come back.
    """
    removed = run.ledger.edits(run.run_id, EditKind.DELETE, REMOVED)
    doubted = run.ledger.edits(run.run_id, EditKind.DELETE, IN_DOUBT)
    if not removed and not doubted:
        return
    own, gone = run.known, run.staging(PROFILES).gone
    values = gone.filter(pl.col("person").is_in(_list_persons(removed).implode())).select(_PAIR).unique()
    profiles = pl.Series([one.profile_id for one in removed if one.profile_id], dtype=pl.String)
    _forget_people(own, _list_persons(removed), _list_persons(doubted))
    void(own.held, [rows.join(values, on=_PAIR, how="semi") for rows in own.held.scan(*_PAIR)])
    for spec in (own, *own.others()):
        for load in MEMORY_LOADS:
            with contextlib.suppress(KnownDamaged):  # it is said where it is compared
                table = spec.memories(load)
                void(table, [table.find("profile", profiles)])
    for other in own.others():
        with contextlib.suppress(KnownDamaged):
            _forget_gone(other, values)


def _list_persons(deletions: list[Edit]) -> pl.Series:
    return pl.Series([one.number for one in deletions], dtype=pl.Int64)


def _forget_people(own: KnownSpec, removed: pl.Series, doubted: pl.Series) -> None:
    """Take away who was removed, and all that is known of the values of who is in doubt."""
    table = own.persons_as_kept()
    kept = [
        rows.filter(pl.col("person").is_in(doubted.implode())).drop(SEGMENT, AT)
        for rows in table.scan(*PERSONS)
    ]
    settled = pl.concat([removed, doubted])
    voided, before = table.find("person", settled), table.generation
    if not voided.is_empty():
        table.change(added=kept, voided=voided, facts=table.facts)
        forget_rows(own, table, before=before, settled=settled)


def _forget_gone(other: KnownSpec, values: pl.DataFrame) -> None:
    """Forget who is gone from the input of another spec, too, and holds one of the values: its profile was
    theirs. Nobody who is present there is."""
    table = other.persons_as_kept()
    found = []
    for rows in table.scan("identifiers", "last_run"):
        gone = rows.filter(pl.col("last_run").is_not_null()).explode("identifiers", empty_as_null=False)
        found.append(gone.unnest("identifiers").join(values, on=_PAIR, how="semi"))
    before = table.generation
    void(table, found)
    forget_rows(other, table, before=before)
