"""Remembers the persons that landed, and holds the values that left and are not known to have arrived."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from memory_import.columns import ID_TYPE, OUTCOME, POS, VALUE
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.store import HELD, PERSONS, trait_column
from memory_import.ledger.known.table import AT, PLACES_SCHEMA, SEGMENT, Table
from memory_import.ledger.report.account import file_name
from memory_import.ledger.report.outcomes import LANDED, Outcome, find_incomplete
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import find_refuted, read_findings
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.people import hash_names, hash_traits
from memory_import.run.loads.known_persons.staged import NAME, declared_plan, list_persons, pair_identifiers
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.identity.inside import find_anchors
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import identify

_IN_DOUBT = (Outcome.UNKNOWN.value, Outcome.REJECTED.value)
_SEEN = {POS: pl.Int64, "profile": pl.String}


@dataclass(frozen=True)
class _Persons:
    """The persons of a run, and where they stand."""

    run: RunContext
    staging: Staging
    plan: ProfilePlan
    table: Table
    held: Table

    def judged(self) -> Iterator[pl.DataFrame]:
        """STAGED with values, `outcome`, `is_refuted`, `is_whole` (all that was sent of it landed) and
        `profile`, some at a time."""
        outcomes = _read_outcomes(self.run)
        refuted = find_refuted(self.staging).implode()
        incomplete = find_incomplete(self.run.ledger, self.staging, self.run.run_id, PROFILES).implode()
        found = read_findings(self.staging)
        seen = pl.DataFrame([(pos, one.profile_id) for pos, one in found.items()], schema=_SEEN, orient="row")
        for persons in list_persons(self.staging, self.plan):
            yield (
                persons.join(outcomes, on=POS, how="left", maintain_order="left")
                .join(seen, on=POS, how="left", maintain_order="left")
                .with_columns(is_refuted=pl.col(POS).is_in(refuted), is_whole=~pl.col(POS).is_in(incomplete))
            )


def hold_persons(run: RunContext, spec: ProfilesSpec) -> None:
    """Hold every identifier value that is about to leave and is not known, unless that was done before."""
    persons = _open(run, spec)
    if persons is None or _find_own(persons.held, run.run_id).height:
        return
    listed = list_persons(persons.staging, persons.plan)
    persons.held.change(
        added=(_held(frame, run) for frame in listed),
        voided=pl.DataFrame(schema=PLACES_SCHEMA),
        facts=persons.held.facts,
    )


def remember_persons(run: RunContext, spec: ProfilesSpec, *, is_superseded: bool) -> None:
    """Keep who landed, by the account of the run's rows; to do it twice is to do it once.

    Who was read back and is not in the store as sent is known no longer. What may have arrived is held, what
    a superseded run never sent is not.
    """
    persons = _open(run, spec)
    if persons is None:
        return
    table = persons.table
    settled = [pl.Series(dtype=pl.Int64)]
    for frame in persons.judged():
        known = frame.filter(_is_landed() | _is_doubted() | pl.col("is_refuted")).drop_nulls("person")
        settled += [known["person"], known["absorbed"].explode(empty_as_null=False).drop_nulls()]
    first = table.facts.get("next", 0)
    voided = _find_replaced(table, run.run_id, pl.concat(settled))
    is_whole = run.record.row_limit is None
    table.change(
        added=_list_known(persons, first),
        voided=voided,
        facts={
            "next": first + _count_new(persons),
            "run": run.run_id if is_whole else table.facts.get("run"),
        },
    )
    _hold_on(persons, is_superseded=is_superseded)


def forget_persons(run: RunContext, spec: ProfilesSpec) -> None:
    """Forget who was read back and is not in the store as the run has sent it; what a later run has sent in
    its place is known on. Its values are held."""
    persons = _open(run, spec)
    if persons is None or find_refuted(persons.staging).is_empty():
        return
    refuted = [frame.filter("is_refuted") for frame in persons.judged()]
    stated = pl.concat(frame.select("identifiers") for frame in refuted)["identifiers"].explode()
    found = [pl.DataFrame(schema=PLACES_SCHEMA)]
    for rows in persons.table.scan("identifiers", "run"):
        of_run = rows.filter(pl.col("run") == run.run_id).explode("identifiers", empty_as_null=False)
        found.append(of_run.filter(pl.col("identifiers").is_in(stated.implode())).select(SEGMENT, AT))
    persons.table.change(added=[], voided=pl.concat(found).unique(), facts=persons.table.facts)
    nothing = pl.DataFrame(schema=PLACES_SCHEMA)
    held = [_held(frame, run) for frame in refuted]
    persons.held.change(added=held, voided=nothing, facts=persons.held.facts)


def _count_new(persons: _Persons) -> int:
    return sum(
        frame.filter(_is_landed() & ~pl.col("is_refuted") & pl.col("person").is_null()).height
        for frame in persons.judged()
    )


def _list_known(persons: _Persons, first: int) -> Iterator[pl.DataFrame]:
    """PERSONS and hashes of who is known from now on, some at a time; new ones are numbered from `first`."""
    keyed, run = persons.run.known.hash, persons.run
    nothing = [pl.lit(None, pl.UInt64).alias(trait_column(trait.path)) for trait in persons.plan.traits]
    for frame in persons.judged():
        landed = frame.filter(_is_landed() & ~pl.col("is_refuted"))
        is_new = pl.col("person").is_null()
        number = first + is_new.cum_sum().cast(pl.Int64) - 1
        doubted = frame.filter(_is_doubted() & ~pl.col("is_refuted")).drop_nulls("person")
        made = landed.with_columns(
            *hash_traits(persons.plan, keyed),
            person=pl.when(is_new).then(number).otherwise("person"),
            words=_choose_words(landed, hash_names(landed[NAME], keyed)),
            identifiers=_all_identifiers(landed, persons.plan),
            run=pl.lit(run.run_id),
            last_run=pl.lit(None, pl.String),
        )
        kept = doubted.with_columns(
            *nothing,
            words="known_words",
            identifiers="known_identifiers",
            run=pl.lit(run.run_id),
            last_run=pl.lit(None, pl.String),
        )
        columns = [*PERSONS, *(trait_column(trait.path) for trait in persons.plan.traits)]
        first += made["person"].len() - landed["person"].count()
        yield pl.concat([made.select(columns), kept.select(columns)])


def _all_identifiers(persons: pl.DataFrame, plan: ProfilePlan) -> pl.Series:
    """What a profile holds: what was known, and what was sent; where that did not land as a whole, what its
    last entry says."""
    final = persons.hstack(identify(persons, plan)).select(pair_identifiers(plan))["identifiers"]
    sent = pl.when("is_whole").then("identifiers").otherwise(pl.lit(final))
    known = pl.col("known_identifiers").fill_null([])
    return persons.select(pl.concat_list(known, sent).list.unique(maintain_order=True)).to_series()


def _choose_words(persons: pl.DataFrame, words: pl.Series) -> pl.Series:
    """The known name where the new one is blank or inside it; else the new one."""
    known = persons["known_words"]
    if known.null_count() == len(known):
        return words
    both = pl.DataFrame({"known": known, "new": words}).with_row_index("place")
    listed = pl.concat(
        [
            both.select("place", words=name, is_new=pl.lit(name == "new")).explode(
                "words", empty_as_null=False
            )
            for name in ("known", "new")
        ]
    ).unnest("words")
    wide = listed.with_columns(pl.col("word", "first", "third").cast(pl.UInt64))
    named = wide.group_by("place", "is_new").agg(name=pl.col("word").sum())
    hashes = wide.join(named, on=["place", "is_new"]).select("name", "word", "first", "third").unique()
    begins = pl.concat(
        [hashes.select("word", begin=column).drop_nulls() for column in ("first", "third")]
    ).unique()
    anchors = find_anchors(named.select("place", "name"), hashes.select("name", "word"), begins)
    stands = named.filter("is_new").join(anchors, on=["place", "name"], how="semi")["place"]
    is_new = pl.col("place").is_in(stands.implode()) | pl.col("known").is_null()
    return both.select(pl.when(is_new).then("new").otherwise("known").alias("words"))["words"]


def _is_landed() -> pl.Expr:
    return pl.col(OUTCOME).is_in(list(LANDED))


def _is_doubted() -> pl.Expr:
    return pl.col(OUTCOME).is_in(_IN_DOUBT)


def _find_replaced(table: Table, run_id: str, persons: pl.Series) -> pl.DataFrame:
    """Where the rows are that a run has written, and those of these persons."""
    found = [pl.DataFrame(schema=PLACES_SCHEMA)]
    for rows in table.scan("person", "run"):
        is_replaced = (pl.col("run") == run_id) | pl.col("person").is_in(persons.implode())
        found.append(rows.filter(is_replaced).select(SEGMENT, AT))
    return pl.concat(found)


def _find_own(held: Table, run_id: str) -> pl.DataFrame:
    found = (rows.filter(pl.col("run") == run_id).select(SEGMENT, AT) for rows in held.scan("run"))
    return pl.concat([pl.DataFrame(schema=PLACES_SCHEMA), *found])


def _hold_on(persons: _Persons, *, is_superseded: bool) -> None:
    """Hold what may have arrived, and nothing that is known by now."""
    held, run = persons.held, persons.run
    if not held.rows:
        return
    pair = [ID_TYPE, VALUE]
    earlier = [
        rows.filter(pl.col("run") != run.run_id).select(*pair, SEGMENT, AT)
        for rows in held.scan(*pair, "run")
    ]
    others = pl.concat(earlier)
    arrived = [pl.DataFrame(schema=PLACES_SCHEMA)]
    kept = []
    for frame in persons.judged():
        is_known = _is_landed() & ~pl.col("is_refuted")
        is_unsent = (pl.col(OUTCOME) == Outcome.PENDING.value) & pl.lit(is_superseded)
        kept.append(_held(frame.filter(~is_known & ~is_unsent), run))
        kept.append(_held(frame.filter(is_known & ~pl.col("is_whole")), run))
        if others.height:
            values = frame.filter(is_known & pl.col("is_whole")).select("identifiers")
            stated = values.explode("identifiers").unnest("identifiers")
            arrived.append(others.join(stated, on=pair, how="semi").select(SEGMENT, AT))
    held.change(
        added=kept, voided=pl.concat([_find_own(held, run.run_id), *arrived]).unique(), facts=held.facts
    )


def _held(persons: pl.DataFrame, run: RunContext) -> pl.DataFrame:
    """HELD of the values of these persons (STAGED) that are not known to be theirs."""
    named = persons.select(
        POS,
        "identifiers",
        words=hash_names(persons[NAME], run.known.hash),
        run=pl.lit(run.run_id),
    )
    stated = named.explode("identifiers", empty_as_null=False).unnest("identifiers")
    known = (
        persons.select(POS, "known_identifiers")
        .drop_nulls()
        .explode("known_identifiers", empty_as_null=False)
    )
    value = [POS, ID_TYPE, VALUE]
    return stated.join(known.unnest("known_identifiers"), on=value, how="anti").select(list(HELD))


def _open(run: RunContext, spec: ProfilesSpec) -> _Persons | None:
    """The persons of a run; None where its rows are not staged, so that nothing was sent."""
    record = run.ledger.run(run.run_id)
    if run.ledger.load(run.run_id, PROFILES) is None or record is None or record.declared is None:
        return None
    plan = declared_plan(spec, record.declared)
    known, paths = run.known, [trait.path for trait in plan.traits]
    known.target.begin_anew_if_damaged()
    try:
        table = known.persons(paths)
    except KnownDamaged:
        shutil.rmtree(known.folder / "persons")
        table = known.persons(paths)
    try:
        held = known.held
    except KnownDamaged:
        shutil.rmtree(known.folder / "held")
        held = known.held
    return _Persons(run, run.staging(PROFILES), plan, table, held)


def _read_outcomes(run: RunContext) -> pl.DataFrame:
    """`_pos`, `outcome` of every row, as the account has them."""
    outcomes = pl.read_parquet(run.folder / file_name("outcomes.parquet", PROFILES), columns=[OUTCOME])
    return outcomes.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(POS))
