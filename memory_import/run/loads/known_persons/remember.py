"""Remembers the persons that landed."""

from collections.abc import Iterator

import polars as pl

from memory_import.columns import ID_TYPE, POS, TRAIT, VALUE
from memory_import.ledger.known.store import HELD, IDENTIFIER, PERSONS, trait_column
from memory_import.ledger.known.table import AT, PLACES_SCHEMA, SEGMENT, Table
from memory_import.ledger.staging.presence import Presence, read_presence
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import find_refuted
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.ahead import make_ahead
from memory_import.run.loads.known_persons.contested import remember_contested
from memory_import.run.loads.known_persons.held import hold_on
from memory_import.run.loads.known_persons.judged import JudgedPersons, is_doubted, is_landed, open_persons
from memory_import.run.loads.known_persons.people import choose_words, hash_names, hash_traits, narrow_words
from memory_import.run.loads.known_persons.remember_rows import forget_rows, remember_rows
from memory_import.run.loads.known_persons.staged import NAME, pair_identifiers
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.alignment import is_among
from memory_import.transforms.identity.names import WordHashes
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import identify

_LANDED = (POS, "person")
_IS_PRESENT = "_is_present"
_FORGOTTEN = ("identifiers", "words", "run")


def remember_persons(run: RunContext, spec: ProfilesSpec, *, is_superseded: bool) -> None:
    """Keep who landed, by the account of the run's rows; to do it twice is to do it once.

    What may have arrived is held, what a superseded run never sent is not.
    """
    persons = open_persons(run, spec)
    if persons is None:
        return
    table = persons.table
    settled = [pl.Series(dtype=pl.Int64)]
    for frame in persons.groups():
        known = frame.filter(is_landed() | is_doubted()).drop_nulls("person")
        settled += [known["person"], known["absorbed"].explode(empty_as_null=False).drop_nulls()]
    first, before = table.facts.get("next", 0), table.generation
    replaced = _find_replaced(table, run.run_id, pl.concat(settled))
    voided = replaced.select(SEGMENT, AT)
    is_whole = run.record.row_limit is None
    landed = pl.repeat(None, len(persons.outcomes), dtype=pl.Int64, eager=True)
    presence = _read_presence(persons)
    moved = _find_moved(persons, voided, presence)
    measure = table.facts.get("input") if presence is None or presence.measure is None else presence.measure
    table.change(
        added=_chain(_note_landed(make_ahead(_list_known(persons, first)), landed), moved),
        voided=pl.concat([voided, moved.select(SEGMENT, AT)]),
        facts={
            "next": first + len(persons.outcomes),
            "run": run.run_id if is_whole else table.facts.get("run"),
            "input": measure,
        },
    )
    hold_on(persons, is_superseded=is_superseded)
    if _is_delivered(run):
        remember_contested(run, persons.staging.claims, persons.staging.withdrawn)
        # The last: they count on all of it.
        settled.append(replaced["person"])
        remember_rows(persons, landed, before=before, settled=pl.concat(settled))
    else:
        forget_rows(run.known, table, before=before)


def _is_delivered(run: RunContext) -> bool:
    """Whether anything of a run was sent, or could have been: no guard objected to its input."""
    record = run.ledger.run(run.run_id)
    return record is not None and record.delivery_number is not None


def _read_presence(persons: JudgedPersons) -> Presence | None:
    """How whole the input of a run is that no guard objected to."""
    return read_presence(persons.staging) if _is_delivered(persons.run) else None


def _find_moved(persons: JudgedPersons, voided: pl.DataFrame, presence: Presence | None) -> pl.DataFrame:
    """The known people who are gone since the run before, or from a complete input for the first time, and
    those who are back: all columns as they are to be from now on, and their places."""
    table, staging, run = persons.table, persons.staging, persons.run
    gone = pl.col("person").is_in(staging.gone["person"].unique().implode())
    is_complete = presence is not None and presence.incomplete is None
    until = pl.coalesce(pl.lit(table.facts.get("run"), pl.String), "run")
    since = pl.lit(run.run_id if run.record.row_limit else None, pl.String)
    is_gone = gone & pl.col("last_run").is_null()
    is_missed = gone & pl.col("missed").is_null() & pl.lit(is_complete)
    is_back = pl.col(_IS_PRESENT) & pl.col("last_run").is_not_null()
    is_spoken_of = (pl.col(_IS_PRESENT) | (~gone & pl.lit(is_complete))) & pl.col("missed").is_not_null()
    columns = [*PERSONS, *(trait_column(trait.path) for trait in persons.plan.traits)]
    places = [pl.DataFrame(schema={**PLACES_SCHEMA, "person": pl.Int64})]
    for rows in table.scan("person", "last_run", "missed"):
        few = rows.filter(gone | pl.col("last_run").is_not_null() | pl.col("missed").is_not_null())
        if few.is_empty():
            continue
        few = _mark_present(few, staging)
        moved = few.filter(is_gone | is_missed | is_back | is_spoken_of).select(SEGMENT, AT, "person")
        places.append(moved.join(voided, on=[SEGMENT, AT], how="anti"))
    moved = pl.concat(places)
    if moved.is_empty():
        return moved
    last_run = pl.when(_IS_PRESENT).then(since).when(is_gone).then(until).otherwise("last_run")
    missed = pl.when(is_missed).then(pl.lit(run.run_id)).when(~is_spoken_of).then("missed")
    found = table.scan(*columns, among=moved["person"])
    kept = (_mark_present(rows.join(moved, on=[SEGMENT, AT], how="semi"), staging) for rows in found)
    changed = (rows.with_columns(last_run.alias("last_run"), missed.alias("missed")) for rows in kept)
    return pl.concat(rows.drop(_IS_PRESENT) for rows in changed)


def _mark_present(known: pl.DataFrame, staging: Staging) -> pl.DataFrame:
    """Known people with `_is_present`, whether the input has them."""
    is_present = is_among(known["person"], staging.present["person"])
    return known.with_columns(is_present.alias(_IS_PRESENT))


def _note_landed(frames: Iterator[pl.DataFrame], landed: pl.Series) -> Iterator[pl.DataFrame]:
    """The same frames; in `landed` the number of each `person` that landed with all that was sent of it is
    put at its `_pos`."""
    for frame in frames:
        settled = frame.filter("is_settled")
        landed.scatter(settled[POS], settled["person"])
        yield frame


def _chain(frames: Iterator[pl.DataFrame], last: pl.DataFrame) -> Iterator[pl.DataFrame]:
    yield from frames
    if not last.is_empty():
        yield last


def forget_persons(run: RunContext, spec: ProfilesSpec) -> None:
    """Forget who was read back and is not in the store as this run, or one before it, has sent it; what a
    later run has sent in its place is known on. Its values are held."""
    if find_refuted(run.staging(PROFILES)).is_empty():
        return
    persons = open_persons(run, spec)
    if persons is None:
        return
    forgotten = _find_refuted(persons)
    if forgotten.is_empty():
        return
    values = forgotten.select(_FORGOTTEN).explode("identifiers", empty_as_null=False).unnest("identifiers")
    nothing = pl.DataFrame(schema=PLACES_SCHEMA)
    persons.held.change(added=[values.select(list(HELD))], voided=nothing, facts=persons.held.facts)
    before = persons.table.generation
    persons.table.change(added=[], voided=forgotten.select(SEGMENT, AT), facts=persons.table.facts)
    forget_rows(run.known, persons.table, before=before)


def _find_refuted(persons: JudgedPersons) -> pl.DataFrame:
    """What is known of the refuted: the places of their rows, and what becomes held.

    Who was sent is found by its identifiers, as a new person has its number in the table alone.
    """
    refuted, run_id = find_refuted(persons.staging), persons.run.run_id
    sent = [frame["identifiers"].explode(empty_as_null=False) for frame in persons.judged(refuted)]
    stated = pl.concat([pl.Series("identifiers", dtype=IDENTIFIER), *sent])
    unchanged = persons.staging.unchanged_persons.filter(pl.col(POS).is_in(refuted.implode()))
    states = pl.col("identifiers").list.eval(pl.element().is_in(stated.implode())).list.any()
    is_sent = (pl.col("run") == run_id) & states
    is_unchanged = (pl.col("run") < run_id) & pl.col("person").is_in(unchanged["person"].implode())
    rows = persons.table.scan("person", *_FORGOTTEN)
    return pl.concat(part.filter(is_sent | is_unchanged) for part in rows)


def _list_known(persons: JudgedPersons, first: int) -> Iterator[pl.DataFrame]:
    """`_pos`, PERSONS, hashes and `is_settled` (all that was sent of it landed) of who is known from now on,
    some at a time; new ones are numbered from `first`."""
    keyed, run = persons.run.known.hash, persons.run
    hashes = WordHashes(narrow_words(keyed))
    since = pl.lit(run.run_id if run.record.row_limit else None, pl.String)
    nothing = [pl.lit(None, pl.UInt64).alias(trait_column(trait.path)) for trait in persons.plan.traits]

    def list_known(frame: pl.DataFrame) -> pl.DataFrame:
        nonlocal first
        landed = frame.filter(is_landed())
        is_new = pl.col("person").is_null()
        number = first + is_new.cum_sum().cast(pl.Int64) - 1
        doubted = frame.filter(is_doubted()).drop_nulls("person")
        made = landed.with_columns(
            *hash_traits(persons.plan, keyed),
            person=pl.when(is_new).then(number).otherwise("person"),
            words=choose_words(landed, hash_names(landed[NAME], hashes)),
            identifiers=_all_identifiers(landed, persons.plan),
            run=pl.lit(run.run_id),
            last_run=since,
            is_settled=pl.col("is_whole"),
            missed=pl.lit(None, pl.String),
        )
        made = _carry(made, persons.staging.emptied)
        kept = doubted.with_columns(
            *nothing,
            words="known_words",
            identifiers="known_identifiers",
            run=pl.lit(run.run_id),
            last_run=since,
            is_settled=pl.lit(value=False),
            missed=pl.lit(None, pl.String),
        )
        columns = [*_LANDED, *(name for name in PERSONS if name not in _LANDED), "is_settled"]
        columns += [*(trait_column(trait.path) for trait in persons.plan.traits)]
        first += made["person"].len() - landed["person"].count()
        return pl.concat([made.select(columns), kept.select(columns)])

    yield from map(list_known, make_ahead(persons.judged()))  # `map` holds none of them meanwhile


def _carry(persons: pl.DataFrame, emptied: pl.DataFrame) -> pl.DataFrame:
    """The same with what is known of traits of which their rows have no value (EMPTIED_SCHEMA): the store has
    it still."""
    if emptied.is_empty():
        return persons
    for (path,), of_trait in emptied.join(persons, on=POS, how="semi").group_by(TRAIT):
        column = trait_column(str(path))
        carried = persons.join(of_trait.select(POS, "hash"), on=POS, how="left", maintain_order="left")
        persons = persons.with_columns(pl.coalesce(column, pl.lit(carried["hash"])).alias(column))
    return persons


def _all_identifiers(persons: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """What a profile holds: what was known, and what was sent; where that did not land as a whole, what its
    last entry says."""
    if persons["known_identifiers"].null_count() == persons.height and persons["is_whole"].all():
        return persons["identifiers"]
    final = pair_identifiers(identify(persons, plan), plan)
    sent = pl.when("is_whole").then("identifiers").otherwise(pl.lit(final))
    stated = persons.select("known_identifiers", sent.alias("identifiers")).with_row_index("at")
    known = stated.select("at", pl.col("known_identifiers").alias("identifiers")).drop_nulls()
    pairs = pl.concat([known, stated.select("at", "identifiers")]).explode("identifiers", empty_as_null=False)
    each_once = pairs.unnest("identifiers").unique(maintain_order=True)
    lists = each_once.group_by("at", maintain_order=True).agg(identifiers=pl.struct(ID_TYPE, VALUE))
    listed = stated.select("at").join(lists, on="at", how="left", maintain_order="left")["identifiers"]
    return listed.fill_null([])


def _find_replaced(table: Table, run_id: str, persons: pl.Series) -> pl.DataFrame:
    """`_segment`, `_at`, `person` of the rows that a run has written, and of those of these persons."""
    found = [pl.DataFrame(schema={**PLACES_SCHEMA, "person": pl.Int64})]
    for rows in table.scan("person", "run"):
        is_replaced = (pl.col("run") == run_id) | pl.col("person").is_in(persons.implode())
        found.append(rows.filter(is_replaced).select(SEGMENT, AT, "person"))
    return pl.concat(found)
