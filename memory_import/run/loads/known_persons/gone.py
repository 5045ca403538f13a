"""Known people whom the input does not have any more."""

from collections.abc import Iterator

import polars as pl

from memory_import.columns import ERROR_CODE, FILE, ID_TYPE, POS, ROW, VALUE
from memory_import.ledger.staging.layout import GONE_SCHEMA, within
from memory_import.ledger.staging.staged import Staging
from memory_import.run.loads.known_persons.lookup import Known
from memory_import.sources.frames import null_out
from memory_import.spec.model import ProfilesSpec
from memory_import.spec.plans import columns_used
from memory_import.transforms.alignment import is_among
from memory_import.transforms.plan import ProfilePlan
from memory_import.transforms.prepare import normalise, read_identifiers

_VALUE = [ID_TYPE, VALUE]


def find_gone(
    staging: Staging,
    spec: ProfilesSpec,
    plan: ProfilePlan,
    known: Known,
    suppressed: pl.DataFrame,
    possible: pl.DataFrame,
) -> pl.DataFrame:
    """GONE_SCHEMA: all values of known people of whom no row speaks, be it a rejected or an excluded one, who
    are not suppressed (`id_type`, `value`), and whom no row can be (`possible`)."""
    table = known.persons
    if table is None:
        return pl.DataFrame(schema=GONE_SCHEMA)
    people = (rows["person"] for rows in table.scan("person"))
    nobody = pl.Series("person", dtype=pl.Int64)
    absent = pl.concat([nobody, *(one.filter(~is_among(one, staging.present["person"])) for one in people)])
    absent = absent.filter(~absent.is_in(possible["person"].implode()))
    if absent.is_empty():
        return pl.DataFrame(schema=GONE_SCHEMA)
    spoken = (stated.select(_VALUE) for stated in list_mentioned(staging, spec, plan))
    mentioned = pl.concat([suppressed.select(_VALUE), *spoken]).unique()
    gone = [pl.DataFrame(schema=GONE_SCHEMA)]
    for rows in table.scan("person", "identifiers", "last_run", among=absent):
        held = rows.explode("identifiers", empty_as_null=False)
        listed = held.unnest("identifiers").select(list(GONE_SCHEMA))
        spoken_of = listed.join(mentioned, on=_VALUE, how="semi")["person"].implode()
        gone.append(listed.filter(~pl.col("person").is_in(spoken_of)))
    last = pl.lit(table.facts.get("run"), pl.String)
    return pl.concat(gone).with_columns(pl.coalesce("last_run", last).alias("last_run"))


def list_mentioned(staging: Staging, spec: ProfilesSpec, plan: ProfilePlan) -> Iterator[pl.DataFrame]:
    """`_pos`, `id_type`, `value` of what rows state that are rejected or excluded, part by part."""
    used = tuple(columns_used(spec))
    for part, positions in staging.positions.items():
        refused = within(staging.late_rejects.sort(POS), positions)[POS]
        if refused.is_empty() and ERROR_CODE not in staging.columns(part):
            continue
        staged = staging.read(part, POS, ERROR_CODE)
        is_refused = pl.col(ERROR_CODE).is_not_null() | pl.col(POS).is_in(refused.implode())
        at = staged.select(is_refused.arg_true()).to_series()
        if at.is_empty():
            continue
        rows = staging.read(part, FILE, ROW, *used, at=at)
        read = read_identifiers(null_out(rows, spec.source.null_texts), plan)
        places = (at + positions.start).cast(pl.Int64).alias(POS)
        for (column, identifier), judged in zip(plan.identifier_columns.items(), read.judged, strict=True):
            others = judged.others.select(places.gather(judged.others["row"]), VALUE)
            further = others.select(POS, normalise(identifier, pl.col(VALUE)))
            stated = pl.concat([pl.DataFrame([places, read.columns[column].alias(VALUE)]), further])
            named = stated.drop_nulls().unique().with_columns(pl.lit(identifier.id_type).alias(ID_TYPE))
            yield named.select(POS, *_VALUE)
