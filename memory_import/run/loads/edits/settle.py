"""What is known of people of whom a trait was removed, or a former identifier value replaced."""

import contextlib
from collections.abc import Iterator

import polars as pl

from memory_import.columns import ID_TYPE, TRAIT, VALUE, Kept
from memory_import.ledger.database.edits import IN_DOUBT, REMOVED, Edit, EditKind, EditState
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import HELD, KnownSpec, trait_column
from memory_import.ledger.known.table import AT, PLACES_SCHEMA, SEGMENT, Table, void
from memory_import.ledger.staging.layout import HOLDINGS_SCHEMA, PRESENT_SCHEMA, SOMETHING
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.remember_rows import forget_rows

_PAIR = [ID_TYPE, VALUE]
_AGAIN = (EditState.PLANNED, EditState.REJECTED, EditState.UNKNOWN)


def settle_edits(run: RunContext) -> None:
    """Know no more what was removed, in any spec of this state, and hold former values no longer whose
    removal was read back; to do it twice is to do it once.

    Of a trait of which nobody knows whether it is there still, that is known. A new identifier value that is
    yet to take the place of a former one is held: the next run meets it as a new one. The rows of all these
    people are looked at again.
    """
    staging, record = run.staging(PROFILES), run.ledger.run(run.run_id)
    due = pl.concat(
        [staging.cleared.select("person"), staging.former.drop_nulls("successor").select("person")]
    )
    if due.is_empty() or record is None or record.delivery_number is None:
        return
    hashes = _list_hashes(run, staging)
    gone, again = _list_identifiers(run, staging)
    own = run.known
    table, before = own.persons_as_kept(), own.persons_as_kept().generation
    people = pl.concat([hashes.select("person"), gone.select("person"), again.select("person")])["person"]
    _hold(run, table, again)
    _rewrite(table, people, hashes, pl.concat([gone, again]))
    forget_rows(own, table, before=before, settled=due["person"].unique())
    values = gone.select(_PAIR)
    void(own.held, [rows.join(values, on=_PAIR, how="semi") for rows in own.held.scan(*_PAIR)])
    cleared = staging.holdings.join(hashes, on="person").select(*_PAIR, TRAIT)
    for other in own.others() if gone.height or cleared.height else ():
        with contextlib.suppress(KnownDamaged):
            _forget_elsewhere(other, values, cleared)


def _list_hashes(run: RunContext, staging: Staging) -> pl.DataFrame:
    """`person`, `trait`, `hash`: what is known from now on of traits that were to be removed."""
    edits = {one.number: one for one in run.ledger.edits(run.run_id, EditKind.CLEAR)}
    states = pl.DataFrame(
        [
            (number, SOMETHING if one.state in IN_DOUBT else None)
            for number, one in edits.items()
            if one.state in (*REMOVED, *IN_DOUBT)
        ],
        schema={"person": pl.Int64, "hash": pl.UInt64},
        orient="row",
    )
    return staging.cleared.join(states, on="person").select("person", TRAIT, "hash")


def _list_identifiers(run: RunContext, staging: Staging) -> tuple[pl.DataFrame, pl.DataFrame]:
    """HOLDINGS_SCHEMA of former values that are not there any more, and of new ones that are to be sent
    again."""
    edits = {one.number: one for one in run.ledger.edits(run.run_id, EditKind.REPLACE)}
    listed: dict[bool, list[tuple[int, str, str]]] = {True: [], False: []}
    former = staging.former.with_row_index("number").drop_nulls("successor")
    for number, person, id_type, value, successor in former.select(
        "number", "person", *_PAIR, "successor"
    ).iter_rows():
        edit = edits.get(number, Edit(kind=EditKind.REPLACE, number=number))
        if edit.state in REMOVED:
            listed[True].append((person, id_type, value))
        elif edit.state in _AGAIN or edit.code == Kept.SUCCESSOR_NOT_SHOWN:
            listed[False].append((person, id_type, successor))
    gone, again = (pl.DataFrame(listed[was], schema=HOLDINGS_SCHEMA, orient="row") for was in (True, False))
    return gone, again


def _rewrite(table: Table, people: pl.Series, hashes: pl.DataFrame, identifiers: pl.DataFrame) -> None:
    """Keep these people without `identifiers` (HOLDINGS_SCHEMA) and with `hashes` (`person`, `trait`,
    `hash`)."""
    wanted = people.unique().implode()
    found = [rows.filter(pl.col("person").is_in(wanted)) for rows in table.scan(*table.columns)]
    kept = list(_change(found, hashes, identifiers))
    if kept:
        places = pl.concat([rows.select(SEGMENT, AT) for rows in kept])
        table.change(added=[rows.drop(SEGMENT, AT) for rows in kept], voided=places, facts=table.facts)


def _change(
    found: list[pl.DataFrame], hashes: pl.DataFrame, identifiers: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    for rows in found:
        if rows.is_empty():
            continue
        changed = _without(rows, identifiers)
        for (path,), of_trait in hashes.group_by(TRAIT):
            column = trait_column(str(path))
            settled = of_trait.select("person", settled="hash", is_settled=True)
            joined = changed.join(settled, on="person", how="left", maintain_order="left")
            value = pl.when(pl.col("is_settled").fill_null(value=False)).then("settled").otherwise(column)
            changed = joined.with_columns(value.alias(column)).drop("settled", "is_settled")
        yield changed


def _without(rows: pl.DataFrame, identifiers: pl.DataFrame) -> pl.DataFrame:
    """Known people without these identifiers (`person`, `id_type`, `value`)."""
    listed = rows.select("person", "identifiers").explode("identifiers", empty_as_null=False)
    left = listed.unnest("identifiers").join(
        identifiers, on=["person", *_PAIR], how="anti", maintain_order="left"
    )
    lists = left.group_by("person", maintain_order=True).agg(identifiers=pl.struct(_PAIR))
    joined = rows.drop("identifiers").join(lists, on="person", how="left", maintain_order="left")
    return joined.with_columns(pl.col("identifiers").fill_null([]))


def _hold(run: RunContext, persons: Table, again: pl.DataFrame) -> None:
    """Hold these values (HOLDINGS_SCHEMA) under the names of their people, unless that was done before."""
    if again.is_empty():
        return
    held = run.known.held
    own = [rows.filter(pl.col("run") == run.run_id) for rows in held.scan(*_PAIR, "run")]
    fresh = again
    for rows in own:
        fresh = fresh.join(rows, on=_PAIR, how="anti")
    named = [
        rows.join(fresh, on="person").select(*_PAIR, "words") for rows in persons.scan("person", "words")
    ]
    added = [rows.with_columns(run=pl.lit(run.run_id)).select(list(HELD)) for rows in named if rows.height]
    if added:
        held.change(added=added, voided=pl.DataFrame(schema=PLACES_SCHEMA), facts=held.facts)


def _forget_elsewhere(other: KnownSpec, values: pl.DataFrame, cleared: pl.DataFrame) -> None:
    """Take former values (`id_type`, `value`) from whoever has them in another spec: only one profile had
    them, and does not any more. Nor has the profile of whoever holds an identifier of `cleared` (`id_type`,
    `value`, `trait`) that trait: where a row of the other spec states it, that spec sends it again."""
    table = other.persons_as_kept()
    kept = cleared.filter((pl.lit(trait_column("")) + pl.col(TRAIT)).is_in(table.columns))
    holding = [pl.DataFrame(schema=HOLDINGS_SCHEMA)]
    lacking = [pl.DataFrame(schema={**PRESENT_SCHEMA, TRAIT: pl.String})]
    for rows in table.scan("person", "identifiers"):
        held = rows.select("person", "identifiers").explode("identifiers", empty_as_null=False)
        pairs = held.unnest("identifiers")
        holding.append(pairs.join(values, on=_PAIR, how="semi"))
        lacking.append(pairs.join(kept, on=_PAIR).select("person", TRAIT))
    gone = pl.concat(holding)
    hashes = pl.concat(lacking).unique().with_columns(hash=pl.lit(None, pl.UInt64))
    people = pl.concat([gone["person"], hashes["person"]])
    if people.is_empty():
        return
    before = table.generation
    _rewrite(table, people, hashes, gone)
    forget_rows(other, table, before=before, settled=people.unique())
