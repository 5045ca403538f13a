"""Who must not be contacted: lists of identifiers, compared as the service will match on them."""

from dataclasses import replace

import polars as pl

from memory_import.transforms.plan import NO_STEPS, IdentifierPlan, ProfilePlan
from memory_import.transforms.prepare import normalise
from memory_import.transforms.values.traits import judge_trait

SUPPRESSED_SCHEMA = {"line": pl.UInt32, "id_type": pl.String, "value": pl.String}


def read_suppressed(lines: pl.Series, plan: ProfilePlan) -> pl.DataFrame:
    """SUPPRESSED_SCHEMA: the identifiers in lines of text (String), each read as every identifier of the plan
    is; `line` counts from 0. A line without any identifier in it is missing."""
    found = [_read_as(identifier, lines, plan) for identifier in plan.identifiers]
    return pl.concat([pl.DataFrame(schema=SUPPRESSED_SCHEMA), *found]).unique(maintain_order=True)


def _read_as(identifier: IdentifierPlan, lines: pl.Series, plan: ProfilePlan) -> pl.DataFrame:
    trait = replace(
        plan.trait(identifier.trait), columns=("line",), constant=None, steps=NO_STEPS, several="all"
    )
    regions = pl.repeat(plan.region_default, len(lines), dtype=pl.String, eager=True)
    judged = judge_trait(lines.alias("line").to_frame(), trait, regions, is_identifier=True)
    rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    own = pl.DataFrame({"line": rows, "value": judged.values})
    values = pl.concat([own, judged.others.select(line="row", value="value")]).drop_nulls("value")
    return values.select(
        "line", id_type=pl.lit(identifier.id_type), value=normalise(identifier, pl.col("value"))
    )
