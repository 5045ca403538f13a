"""Rows of text to profiles: the mapping, the judgement of every value, the payload and the identifiers.

A row is rejected when it has no identifier left, or when a trait with `on_invalid: reject` states something
and no column of it holds a valid value. A row with one valid identifier and nothing else is kept: no document
of the API asks for more. A rejected row names all that is wrong with it, refused values that would only have
been dropped included; what is dropped from or repaired in a row that is kept is counted as a change.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import polars as pl

from memory_import.columns import (
    CODE,
    COLUMN,
    ERROR_CODE,
    ID_TYPE,
    LATEST,
    ROW,
    TRAIT,
    VALUE,
    Exclusion,
    schema,
)
from memory_import.transforms.codes import DROPPED, Change, Reason
from memory_import.transforms.countries.regions import find_regions
from memory_import.transforms.payloads import measure_payloads
from memory_import.transforms.plan import IdentifierPlan, ProfilePlan, TraitType
from memory_import.transforms.rejects import RowReasons, explain_rows
from memory_import.transforms.selection import find_let_through, read_moments
from memory_import.transforms.values.traits import JudgedTrait, judge_trait

CODES = pl.Enum([code.value for code in (*Reason, *Change)])
_OTHERS_SCHEMA = schema(ROW, TRAIT, COLUMN, VALUE, CODE, ID_TYPE)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Prepared rows and what was found in them.

    `frame`: the rows as given, in order, and after their columns:
        `_value.<path>`, … as `TraitPlan.value_column` names them: String, the value of each trait as judged.
        `_code.<path>`, … as `TraitPlan.code_column` names them: CODES: what was changed in the value; where
            there is no value, why it was dropped.
        `_place.<path>`, … as `TraitPlan.place_column` names them: UInt8, as `JudgedTrait.places`.
        `_latest`: Int64, and `_code.latest`, as `read_moments` gives them, where the plan asks for it.
        `_bytes`: Int64, the size of the profile as JSON text; null where the row is rejected.
        `_identifier.<id_type>`, … as `ProfilePlan.identifier_columns` names them: String, the identifier
            value that the service will match on; null where the row has none or is rejected.
        `_error_code`, `_error_field`, `_error_message`: String, all reasons of a rejected row, in plan order,
            joined with " | " so that the nth parts belong together; the field is the source column (for
            `no_identifier`, the columns of all identifiers, joined with ", "). Null where the row is kept.
            Of rows that the spec's `where` does not let through, the code is `where`, and all else is null.
    `others`: as `no_others`, in the order of rows and cells: what rows state of a trait beside its value.
        Where `value` is null it was dropped, `code` says why. `id_type` is that of a value that identifies
        the person of a kept row, as the service will match on it.
    `changes`: how many values of kept rows were repaired, by code, or left out, by `dropped_` and the reason.
    `aside`: `_row` (Int64) of the rows of which `changes` counts something that no value of a trait says.
    """

    frame: pl.DataFrame
    others: pl.DataFrame
    changes: dict[str, int]
    aside: pl.Series = field(default_factory=lambda: pl.Series(ROW, dtype=pl.Int64))


def prepare_profiles(rows: pl.DataFrame, plan: ProfilePlan) -> Prepared:
    """Prepares rows (`_file` String, `_row` Int64 and source columns, all String, null where blank) by the
    plan.

    Raises ColumnNotFoundError when the plan names a column that the rows do not have.
    """
    let_through = find_let_through(rows, plan.where)
    if not let_through.all():
        return _leave_out(prepare_profiles(rows.filter(let_through), plan), rows.filter(~let_through))
    promoted = {identifier.trait for identifier in plan.identifiers}
    judged, region_codes = _judge_traits(rows, plan)
    has_identifier = _any_of((judged[path].values.is_not_null() for path in promoted), rows.height)
    refusing = (trait.is_refused for trait in judged.values() if trait.trait.on_invalid == "reject")
    rejected = ~has_identifier | _any_of(refusing, rows.height)
    reasons = explain_rows(rejected, _list_reasons(judged.values(), plan, has_identifier))
    changes = Counter(count_changes(judged.values(), region_codes, ~rejected))
    frame = rows.hstack(_collect_profiles(judged, plan, rejected)).hstack(reasons)
    is_aside = region_codes.is_not_null()
    if plan.latest is not None:
        moments, refused = read_moments(rows, plan.latest)
        codes = refused.cast(CODES).alias(plan.latest.field.code_column)
        frame = frame.with_columns(moments.alias(LATEST), codes)
        everywhere = pl.repeat(value=True, n=rows.height, eager=True)
        changes.update({DROPPED + code: number for code, number in _count(refused, everywhere).items()})
        is_aside |= refused.is_not_null()
    return Prepared(
        frame=frame,
        others=collect_others(judged.values(), plan, rows[ROW], rejected),
        changes=dict(sorted(changes.items())),
        aside=rows[ROW].filter(is_aside),
    )


def no_others() -> pl.DataFrame:
    """`Prepared.others` of rows that state nothing beside the values of their traits."""
    return pl.DataFrame(schema=_OTHERS_SCHEMA)


def _leave_out(prepared: Prepared, rows: pl.DataFrame) -> Prepared:
    """With the rows of a batch that the spec's `where` does not let through."""
    left_out = rows.with_columns(pl.lit(Exclusion.WHERE.value).alias(ERROR_CODE))
    frame = pl.concat([prepared.frame, left_out], how="diagonal")
    return replace(prepared, frame=frame.sort(ROW))


@dataclass(frozen=True, kw_only=True)
class ReadIdentifiers:
    """`columns`: the identifier columns of a plan, as in `Prepared`, for rejected rows too. `judged`: the
    traits they were read from, in plan order. `region_codes`: the codes of countries that are not known."""

    columns: pl.DataFrame
    judged: tuple[JudgedTrait, ...]
    region_codes: pl.Series


def read_identifiers(rows: pl.DataFrame, plan: ProfilePlan) -> ReadIdentifiers:
    """Reads what identifies a person, and nothing else, from rows as `prepare_profiles` takes them."""
    judged, region_codes = _judge_traits(rows, plan.identifying)
    columns = identify(_collect_values(judged), plan)
    return ReadIdentifiers(columns=columns, judged=tuple(judged.values()), region_codes=region_codes)


def identify(values: pl.DataFrame, plan: ProfilePlan) -> pl.DataFrame:
    """The identifier columns, as in `Prepared`, of rows with the values of the traits they are read from."""
    return values.select(
        normalise(identifier, pl.col(plan.trait(identifier.trait).value_column)).alias(column)
        for column, identifier in plan.identifier_columns.items()
    )


def _judge_traits(rows: pl.DataFrame, plan: ProfilePlan) -> tuple[dict[str, JudgedTrait], pl.Series]:
    """What was read for each trait, by its path, and the codes of countries that are not known."""
    regions, region_codes = _resolve_regions(rows, plan)
    promoted = {identifier.trait for identifier in plan.identifiers}
    judged = {
        trait.path: judge_trait(rows, trait, regions, is_identifier=trait.path in promoted)
        for trait in plan.traits
    }
    return judged, region_codes


def _resolve_regions(rows: pl.DataFrame, plan: ProfilePlan) -> tuple[pl.Series, pl.Series]:
    """The region of each row's phone numbers, and the codes of countries that are not known."""
    nothing = pl.repeat(None, rows.height, dtype=pl.String, eager=True)
    if not any(trait.type == TraitType.PHONE for trait in plan.traits):
        return nothing, nothing
    if plan.region_column is None:
        return pl.repeat(plan.region_default, rows.height, dtype=pl.String, eager=True), nothing
    found = find_regions(rows[plan.region_column], plan.region_default)
    return found["region"], found["code"]


def _collect_profiles(judged: dict[str, JudgedTrait], plan: ProfilePlan, rejected: pl.Series) -> pl.DataFrame:
    """The values; `_bytes` and the identifier columns, null in rejected rows."""
    values = _collect_values(judged)
    kept = pl.lit(~rejected)
    made = [measure_payloads(values, plan), *identify(values, plan)]
    codes = [trait.codes.cast(CODES).alias(trait.trait.code_column) for trait in judged.values()]
    places = [
        trait.places.alias(trait.trait.place_column)
        for trait in judged.values()
        if trait.places is not None and trait.trait.place_column
    ]
    return values.hstack([*codes, *places]).with_columns(pl.when(kept).then(column) for column in made)


def collect_others(
    judged: Iterable[JudgedTrait], plan: ProfilePlan, numbers: pl.Series, rejected: pl.Series
) -> pl.DataFrame:
    """`Prepared.others`; a value that is another trait's own identifier of the same type identifies once."""
    id_types = {identifier.trait: identifier for identifier in plan.identifiers}
    listed = [pl.DataFrame(schema={"row": pl.UInt32, **_OTHERS_SCHEMA})]
    for trait in judged:
        if trait.others.is_empty():
            continue
        path, identifier = trait.trait.path, id_types.get(trait.trait.path)
        value = pl.col(VALUE) if identifier is None else normalise(identifier, pl.col(VALUE))
        id_type = pl.lit(None if identifier is None else identifier.id_type, pl.String)
        is_kept = pl.col(VALUE).is_not_null() & ~pl.lit(rejected.gather(trait.others["row"]))
        listed.append(
            trait.others.select(
                "row",
                numbers.gather(trait.others["row"]).alias(ROW),
                pl.lit(path).alias(TRAIT),
                COLUMN,
                value,
                CODE,
                pl.when(is_kept).then(id_type).alias(ID_TYPE),
            )
        )
    return pl.concat(listed).sort("row", maintain_order=True).drop("row")


def _collect_values(judged: dict[str, JudgedTrait]) -> pl.DataFrame:
    return pl.DataFrame({trait.trait.value_column: trait.values for trait in judged.values()})


def normalise(identifier: IdentifierPlan, value: pl.Expr) -> pl.Expr:
    """The value as the service will store it; texts are trimmed and phones are E.164 already."""
    return (
        value.str.to_lowercase().str.replace_all(" ", "", literal=True)
        if identifier.normalization == "email"
        else value
    )


def _list_reasons(
    judged: Iterable[JudgedTrait], plan: ProfilePlan, has_identifier: pl.Series
) -> list[RowReasons]:
    listed = [RowReasons(field=field, codes=codes) for trait in judged for field, codes in trait.reasons]
    columns = dict.fromkeys(
        c for identifier in plan.identifiers for c in plan.trait(identifier.trait).columns
    )
    missing = pl.select(pl.when(~has_identifier).then(pl.lit(Reason.NO_IDENTIFIER.value))).to_series()
    return [*listed, RowReasons(field=", ".join(columns), codes=missing)]


def count_changes(judged: Iterable[JudgedTrait], region_codes: pl.Series, kept: pl.Series) -> dict[str, int]:
    """What was repaired in or left out of kept rows (Boolean), as `Prepared.changes`."""
    counts = Counter(_count(region_codes, kept))
    for trait in judged:
        if trait.codes.null_count() == len(trait.codes) and trait.others.is_empty():
            continue
        has_value = trait.values.is_not_null()
        counts.update(_count(trait.codes, kept & has_value))
        dropped = Counter(_count(trait.codes, kept & ~has_value))
        if trait.others.height:
            refused = trait.others[VALUE].is_null()
            dropped.update(_count(trait.others[CODE], refused & kept.gather(trait.others["row"])))
        counts.update({DROPPED + code: number for code, number in dropped.items()})
    return dict(sorted(counts.items()))


def _count(codes: pl.Series, kept: pl.Series) -> dict[str, int]:
    if codes.null_count() == len(codes):
        return {}
    counted = codes.filter(kept).value_counts(name="count")
    return {code: count for code, count in zip(*counted, strict=True) if code is not None}


def _any_of(conditions: Iterable[pl.Series], height: int) -> pl.Series:
    met = pl.repeat(value=False, n=height, eager=True)
    for condition in conditions:
        met = met | condition
    return met
