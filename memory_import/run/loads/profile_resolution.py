"""Whose each observation or summary is: the profile that its identifiers lead to, or why there is none."""

from dataclasses import dataclass

import polars as pl

from memory_import.columns import MOMENT, PAYLOAD, PIECES, POS, PROFILE_ID
from memory_import.destination.delivery.finder import Identifier, ProfileFinder
from memory_import.destination.limits import READ_LAG_SECONDS
from memory_import.ledger.database.identifier_hashes import read_key
from memory_import.ledger.database.records import FoundProfile
from memory_import.ledger.staging.layout import LATE_ERRORS_SCHEMA
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import MemoryLoad
from memory_import.run.context import RunContext
from memory_import.run.loads.profiles_of_run import find_profile_rows
from memory_import.run.store_check import StoreFacts
from memory_import.spec.memories import memory_plan
from memory_import.spec.model import MemoriesSpec
from memory_import.transforms.codes import WORDING, Reason
from memory_import.transforms.plan import IdentifierPlan


@dataclass(frozen=True, slots=True)
class ResolvedProfiles:
    """`rows`: `_pos`, `_profile_id`, `_moment`, `_pieces` of every row whose profile was found.

    `refused`: the rows without one, `LATE_ERRORS_SCHEMA`. `asked`: how many lookups it would have taken had
    every row asked for itself.
    """

    rows: pl.DataFrame
    refused: pl.DataFrame
    asked: int


async def resolve_profiles(
    run: RunContext, name: MemoryLoad, spec: MemoriesSpec, store: StoreFacts
) -> ResolvedProfiles:
    """Find the profile of every row that was kept; identifiers are tried in the order of the spec."""
    rows = _read_rows(run.staging(name), memory_plan(name, spec).reference_columns)
    reference = memory_plan(name, spec).reference
    if reference is None:
        return ResolvedProfiles(rows, pl.DataFrame(schema=LATE_ERRORS_SCHEMA), asked=0)
    async with run.connection() as (client, commits):
        finder = ProfileFinder(
            client=client,
            commits=commits,
            store_id=run.target.store_id,
            load=name,
            key=read_key(run.folder),
            known=run.ledger.found_profiles(run.run_id),
        )
        return await _Search(run, finder, reference.identifier_columns, spec, store).run(rows)


def _read_rows(staging: Staging, columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat(
        staging.read(part, POS, *columns, MOMENT, PAYLOAD)
        .filter(pl.col(PAYLOAD).is_not_null())
        .select(POS, *columns, MOMENT, _pieces=pl.col(PAYLOAD).list.len().cast(pl.Int64))
        for part in staging.parts
    )


class _Search:
    """One search for the profiles of all rows of a load."""

    def __init__(
        self,
        run: RunContext,
        finder: ProfileFinder,
        columns: dict[str, IdentifierPlan],
        spec: MemoriesSpec,
        store: StoreFacts,
    ) -> None:
        self._run = run
        self._finder = finder
        self._id_types = {column: identifier.id_type for column, identifier in columns.items()}
        self._spec = spec
        self._promoted = store.promoted or {}
        self._profile_rows = pl.DataFrame()

    async def run(self, rows: pl.DataFrame) -> ResolvedProfiles:
        self._profile_rows = find_profile_rows(self._run, self._list_identifiers(rows))
        open_rows, refused, resolved, asked = rows, [pl.DataFrame(schema=LATE_ERRORS_SCHEMA)], [], 0
        for column, id_type in self._id_types.items():
            stated = open_rows.filter(pl.col(column).is_not_null())
            asked += len(stated)
            values = stated[column].unique(maintain_order=True)
            found = await self._find(id_type, values)
            answered = open_rows.join(
                found, left_on=column, right_on="value", how="left", maintain_order="left"
            )
            resolved.append(answered.filter(pl.col("matches") == 1))
            refused.append(refuse(answered.filter(pl.col("matches") > 1), Reason.PROFILE_AMBIGUOUS))
            open_rows = answered.filter(pl.col("matches").fill_null(0) == 0).drop("matches", PROFILE_ID)
        unresolved, of_rejected = self._set_rejected_aside(open_rows)
        refused.append(of_rejected)
        if self._spec.missing_profile == "create":
            resolved.append(await self._create(unresolved))
        else:
            refused.append(refuse(unresolved, Reason.PROFILE_NOT_FOUND))
        columns = (POS, PROFILE_ID, MOMENT, PIECES)
        return ResolvedProfiles(
            pl.concat([each.select(columns) for each in resolved]), pl.concat(refused), asked
        )

    def _list_identifiers(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`id_type`, `value` of every identifier of these rows, once."""
        listed = [
            rows.select(id_type=pl.lit(id_type), value=column).drop_nulls("value")
            for column, id_type in self._id_types.items()
        ]
        return pl.concat(listed).unique(maintain_order=True)

    async def _find(self, id_type: str, values: pl.Series) -> pl.DataFrame:
        """`value`, `matches`, `_profile_id` of each value."""
        accepted = self._profile_rows.filter((pl.col("id_type") == id_type) & pl.col("codes").is_null())
        identifiers: list[Identifier] = [(id_type, value) for value in values]
        found = await self._finder.find(
            identifiers,
            {(id_type, value) for value in accepted["value"]},
            patience_seconds=min(self._run.wait_seconds, READ_LAG_SECONDS),
        )
        self._run.progress.advance(0)
        return _as_frame(values, found)

    def _set_rejected_aside(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows without a profile, and those among them whose profile was rejected in this run."""
        codes = [
            pl.col(column).replace_strict(
                rejected["value"], rejected["codes"], default=None, return_dtype=pl.String
            )
            for column, id_type in self._id_types.items()
            if not (rejected := self._profile_rows.filter(pl.col("id_type") == id_type)).is_empty()
        ]
        named = rows.with_columns(codes=pl.coalesce(*codes) if codes else pl.lit(None, pl.String))
        of_rejected = named.filter(pl.col("codes").is_not_null())
        why = pl.format(WORDING[Reason.PROFILE_REJECTED] + ": {}", "codes")
        return named.filter(pl.col("codes").is_null()), refuse(of_rejected, Reason.PROFILE_REJECTED, why)

    async def _create(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with a profile that was created from the first identifier of each."""
        first = pl.coalesce(
            pl.when(pl.col(column).is_not_null()).then(pl.struct(id_type=pl.lit(id_type), value=column))
            for column, id_type in self._id_types.items()
        )
        named = rows.with_columns(first=first).unnest("first")
        distinct = named.select("id_type", "value").unique(maintain_order=True)
        created = await self._finder.create(list(distinct.iter_rows()), self._promoted)
        ids = distinct.hstack([pl.Series(PROFILE_ID, [one.profile_id for one in created], pl.String)])
        return named.join(ids, on=["id_type", "value"], maintain_order="left")


def _as_frame(values: pl.Series, found: list[FoundProfile]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "value": values,
            "matches": [one.matches for one in found],
            PROFILE_ID: [one.profile_id for one in found],
        },
        schema={"value": pl.String, "matches": pl.Int64, PROFILE_ID: pl.String},
    )


def refuse(rows: pl.DataFrame, reason: Reason, message: pl.Expr | None = None) -> pl.DataFrame:
    """The rows as `LATE_ERRORS_SCHEMA`, each with this reason; `message` in place of its usual wording."""
    return rows.select(
        POS,
        _error_code=pl.lit(reason.value),
        _error_field=pl.lit(None, pl.String),
        _error_message=pl.lit(WORDING[reason]) if message is None else message,
    )
