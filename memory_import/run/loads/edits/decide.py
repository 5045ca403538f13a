"""Which traits a run removes, and which former identifier values give way to others: in doubt none."""

from collections.abc import Iterator

import polars as pl

from memory_import.columns import CODE, FILE, ID_TYPE, POS, REPRESENTATIVE, TRAIT, VALUE, Dispute
from memory_import.ledger.staging.layout import CLEARED_SCHEMA, FORMER_SCHEMA, within
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.gone import list_mentioned
from memory_import.run.loads.stored_values import read_values
from memory_import.sources.frames import null_out
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.identity.names import read_names
from memory_import.transforms.plan import ProfilePlan, TraitPlan

_OF_TRAIT = [POS, TRAIT]


def stage_edits(
    run: RunContext, spec: ProfilesSpec, plan: ProfilePlan, columns: tuple[str, ...], incomplete: str | None
) -> None:
    """Stage what is to be removed, as far as the spec asks for it. `columns`: those of the input;
    `incomplete`: why people may have rows that were not read."""
    staging = run.staging(PROFILES)
    if spec.sync.on_blank == "clear":
        cleared = staging.emptied.select(list(CLEARED_SCHEMA))
        cleared = cleared.clear() if incomplete else _choose_cleared(run, spec, plan, columns, cleared)
        staging.write_cleared(cleared)
    if spec.sync.former == "replace":
        staging.write_former(_choose_former(staging, spec, plan, is_doubted=incomplete is not None))


def _choose_cleared(
    run: RunContext, spec: ProfilesSpec, plan: ProfilePlan, columns: tuple[str, ...], emptied: pl.DataFrame
) -> pl.DataFrame:
    """Those traits of which each row of the person has blank cells, in files that have all their columns."""
    staging = run.staging(PROFILES)
    promoted = {identifier.trait for identifier in plan.identifiers}
    traits = [
        trait
        for trait in plan.traits
        if trait.columns and set(trait.columns) <= set(columns) and trait.path not in promoted
    ]
    wanted = emptied.filter(pl.col(TRAIT).is_in([trait.path for trait in traits]))
    lacking = {
        file["name"]: set(file.get("missing_columns", ()))
        for file in (run.ledger.input(run.run_id, PROFILES) or {}).get("read", ())
    }
    for trait in traits:
        files = [name for name, missing in lacking.items() if missing.intersection(trait.columns)]
        stated = _find_stating(staging, wanted.filter(pl.col(TRAIT) == trait.path), trait, files, spec)
        wanted = wanted.join(stated, on=_OF_TRAIT, how="anti")
    return _without_mentioned(staging, spec, plan, wanted)


def _find_stating(
    staging: Staging, emptied: pl.DataFrame, trait: TraitPlan, files: list[str], spec: ProfilesSpec
) -> pl.DataFrame:
    """`_pos`, `trait` of the people of whom a row has a cell of the trait that says something, or is of one
    of these files."""
    found = [emptied.select(_OF_TRAIT).clear()]
    for part, rows in _list_rows(staging, emptied):
        cells = staging.read(part, FILE, *trait.columns, at=rows[POS] - staging.positions[part].start)
        read = null_out(cells, spec.source.null_texts)
        is_blank = pl.all_horizontal(
            (pl.col(column).str.strip_chars() == "").fill_null(value=True) for column in trait.columns
        )
        stating = read.select(~is_blank | pl.col(FILE).is_in(files)).to_series()
        of_rows = rows.filter(stating).select(
            pl.col(REPRESENTATIVE).alias(POS), pl.lit(trait.path).alias(TRAIT)
        )
        found.append(of_rows)
    return pl.concat(found).unique()


def _choose_former(
    staging: Staging, spec: ProfilesSpec, plan: ProfilePlan, *, is_doubted: bool
) -> pl.DataFrame:
    """The former values; without a successor where a row of the person has one of that type that was dropped,
    and may be it."""
    former = staging.former
    if is_doubted:
        return former.with_columns(successor=pl.lit(None, pl.String))
    open_ones = former.drop_nulls("successor")
    doubted = [pl.Series(POS, dtype=pl.Int64)]
    for identifier in plan.identifiers:
        of_type = open_ones.filter(pl.col(ID_TYPE) == identifier.id_type).select(POS)
        doubted += _find_dropping(staging, plan, of_type, plan.trait(identifier.trait))
    spoken_of = open_ones.join(_without_mentioned(staging, spec, plan, open_ones), on=POS, how="anti")[POS]
    is_out = pl.col(POS).is_in(pl.concat([*doubted, spoken_of]).unique().implode())
    return former.with_columns(successor=pl.when(~is_out).then("successor")).select(list(FORMER_SCHEMA))


def _find_dropping(
    staging: Staging, plan: ProfilePlan, people: pl.DataFrame, trait: TraitPlan
) -> Iterator[pl.Series]:
    """`_pos` of the people of whom a row has a value of the trait that was dropped."""
    for part, rows in _list_rows(staging, people):
        others = staging.others(part).filter(pl.col(TRAIT) == trait.path, pl.col(VALUE).is_null())
        dropped = others.drop_nulls(CODE)[POS]
        if trait.code_column in staging.columns(part):
            at = rows[POS] - staging.positions[part].start
            codes = staging.read(part, trait.code_column, at=at)[trait.code_column]
            values = read_values(staging, plan, part, at)[trait.value_column]
            dropped = pl.concat([dropped, rows[POS].filter(codes.is_not_null() & values.is_null())])
        yield rows.filter(pl.col(POS).is_in(dropped.implode()))[REPRESENTATIVE].alias(POS)


def _list_rows(staging: Staging, people: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Part by part, `_pos`, `_representative` of the rows of people (`_pos`)."""
    wanted = staging.members.filter(pl.col(REPRESENTATIVE).is_in(people[POS].unique().implode())).sort(POS)
    for part, positions in staging.positions.items():
        here = within(wanted, positions)
        if not here.is_empty():
            yield part, here


def _without_mentioned(
    staging: Staging, spec: ProfilesSpec, plan: ProfilePlan, people: pl.DataFrame
) -> pl.DataFrame:
    """Those people (`person`) of whom no row speaks that is rejected or excluded: it may say more of them.

    A row with the full name of somebody else does not speak of whoever holds the value that it claims.
    """
    if people.is_empty():
        return people
    claims = _list_claims_of_others(staging)
    spoken_of = [people.select("person").clear()]
    for stated in list_mentioned(staging, spec, plan):
        own = stated.join(claims, on=claims.columns, how="anti")
        spoken_of.append(own.join(staging.holdings, on=[ID_TYPE, VALUE]).select("person"))
    return people.join(pl.concat(spoken_of).unique(), on="person", how="anti")


def _list_claims_of_others(staging: Staging) -> pl.DataFrame:
    """`_pos`, `id_type`, `value` of rows that claim a value under another full name than its holder's."""
    claims = staging.conflicts.filter(pl.col("reason") != Dispute.MERGES_KNOWN.value).with_row_index("claim")
    names = read_names(claims["claim"].cast(pl.Int64), [claims["name"]])
    full = names.keys.filter(pl.col("name").is_in(names.find_full().implode()))["claimant"]
    return claims.filter(pl.col("claim").is_in(full.implode())).select(POS, ID_TYPE, VALUE)
