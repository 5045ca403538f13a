"""The persons of a run with what became of them, and the tables that they are kept in."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from memory_import.columns import OUTCOME, POS
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.table import Table
from memory_import.ledger.report.account import file_name
from memory_import.ledger.report.outcomes import LANDED, Outcome, find_incomplete
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import find_refuted, read_findings
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.staged import declared_plan, list_persons
from memory_import.spec.model import ProfilesSpec
from memory_import.transforms.plan import ProfilePlan

_IN_DOUBT = (Outcome.UNKNOWN.value, Outcome.REJECTED.value)
_SEEN = {POS: pl.Int64, "profile": pl.String}


@dataclass(frozen=True)
class JudgedPersons:
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


def open_persons(run: RunContext, spec: ProfilesSpec) -> JudgedPersons | None:
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
    return JudgedPersons(run, run.staging(PROFILES), plan, table, held)


def _read_outcomes(run: RunContext) -> pl.DataFrame:
    """`_pos`, `outcome` of every row, as the account has them."""
    outcomes = pl.read_parquet(run.folder / file_name("outcomes.parquet", PROFILES), columns=[OUTCOME])
    return outcomes.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(POS))


def is_landed() -> pl.Expr:
    return pl.col(OUTCOME).is_in(list(LANDED))


def is_doubted() -> pl.Expr:
    return pl.col(OUTCOME).is_in(_IN_DOUBT)
