"""What the load of profiles in the same run says of the identifiers that another load asks for."""

import polars as pl

from memory_import.columns import ERROR_CODE, OUTCOME, POS, TRAIT
from memory_import.ledger.report.outcomes import Outcome, row_outcomes
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.sources.frames import null_out
from memory_import.spec.memories import normalization
from memory_import.spec.model import ProfilesSpec
from memory_import.spec.plans import profile_plan
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan
from memory_import.transforms.prepare import read_identifiers

_SCHEMA = {"id_type": pl.String, "value": pl.String, "codes": pl.String}


def find_profile_rows(run: RunContext, wanted: pl.DataFrame) -> pl.DataFrame:
    """Those of the wanted identifiers (`id_type`, `value` String) that a profile row of this run holds.

    `codes` (String) says why the row was rejected or excluded; it is null where a row with the identifier was
    accepted. An accepted row does not hold what was left out of it, for a person's sake.
    """
    load = run.ledger.load(run.run_id, PROFILES)
    spec = run.spec.profiles
    if load is None or spec is None:
        return pl.DataFrame(schema=_SCHEMA)
    plan = _plan_of(spec, dict(load.identifiers))
    staging = run.staging(PROFILES)
    outcomes = row_outcomes(run.ledger, staging, run.run_id, PROFILES)
    id_types = pl.DataFrame(list(load.identifiers.items()), schema=[TRAIT, "id_type"], orient="row")
    left_out = staging.left_out.join(id_types, on=TRAIT).select(POS, "id_type", "value")
    found = []
    for part, judged in zip(staging.parts, outcomes, strict=True):
        columns = {column for trait in plan.traits for column in trait.columns}
        used = columns | ({plan.region_column} if plan.region_column else set())
        rows = staging.read(part, *sorted(used))
        read = read_identifiers(null_out(rows, spec.source.null_texts), plan).columns
        positions = pl.Series(POS, staging.positions[part], pl.Int64)
        judged_rows = read.hstack(judged.select(OUTCOME, ERROR_CODE)).with_columns(positions)
        found.append(_list(judged_rows, plan, wanted, left_out))
    listed = pl.concat([pl.DataFrame(schema=_SCHEMA), *found])
    return listed.sort("codes", nulls_last=False).unique(["id_type", "value"], keep="first")


def _plan_of(spec: ProfilesSpec, id_types: dict[str, str]) -> ProfilePlan:
    identifiers = tuple(
        IdentifierPlan(trait=trait, id_type=id_type, normalization=normalization(id_type))
        for trait, id_type in id_types.items()
    )
    return profile_plan(spec, identifiers).identifying


def _list(
    rows: pl.DataFrame, plan: ProfilePlan, wanted: pl.DataFrame, left_out: pl.DataFrame
) -> pl.DataFrame:
    is_refused = pl.col(OUTCOME).is_in([Outcome.REJECTED.value, Outcome.EXCLUDED.value])
    listed = [
        rows.select(
            POS,
            id_type=pl.lit(identifier.id_type),
            value=column,
            codes=pl.when(is_refused).then(ERROR_CODE),
        ).drop_nulls("value")
        for column, identifier in plan.identifier_columns.items()
    ]
    stated = pl.concat(listed).join(wanted, on=["id_type", "value"], how="semi")
    is_refused = pl.col("codes").is_not_null()
    held = stated.filter(~is_refused).join(left_out, on=[POS, "id_type", "value"], how="anti")
    return pl.concat([stated.filter(is_refused), held]).drop(POS)
