"""The persons of a run with what became of them, and the tables that they are kept in."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from memory_import.columns import OUTCOME, POS
from memory_import.ledger.known.damage import KnownDamaged
from memory_import.ledger.known.table import Table
from memory_import.ledger.report.account import read_outcomes
from memory_import.ledger.report.outcomes import LANDED, Outcome, find_incomplete
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import read_findings
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.known_persons.staged import declared_plan, list_groups_of, list_persons
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

    @cached_property
    def outcomes(self) -> pl.Series:
        """`outcome` (Enum) of every row, as the account has them, in order."""
        return read_outcomes(self.run.folder, PROFILES)

    @cached_property
    def incomplete(self) -> pl.Series:
        """`_pos` of who is in the store without all further identifiers."""
        return find_incomplete(self.run.ledger, self.staging, self.run.run_id, PROFILES)

    @property
    def unsettled(self) -> pl.Series:
        """`_pos` of everybody of whom something was sent, or is to be, that is not known to have arrived."""
        is_open = self.outcomes.is_in([*_IN_DOUBT, Outcome.PENDING.value])
        return pl.concat([is_open.arg_true().cast(pl.Int64), self.incomplete]).unique()

    def groups(self) -> Iterator[pl.DataFrame]:
        """The same as `judged` of identity groups alone: nobody else goes on with a known person."""
        return self._judge(list_groups_of(self.staging, self.plan))

    def judged(self, wanted: pl.Series | None = None) -> Iterator[pl.DataFrame]:
        """STAGED with values, `outcome`, `is_whole` (all that was sent of it landed) and `profile`, some at a
        time; of all persons, or of those that are `wanted` (`_pos`)."""
        return self._judge(list_persons(self.staging, self.plan, wanted))

    def _judge(self, listed: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        incomplete = self.incomplete.implode()
        found = read_findings(self.staging)
        seen = pl.DataFrame([(pos, one.profile_id) for pos, one in found.items()], schema=_SEEN, orient="row")

        def judge(persons: pl.DataFrame) -> pl.DataFrame:
            return (
                persons.with_columns(self.outcomes.gather(persons[POS]))
                .join(seen, on=POS, how="left", maintain_order="left")
                .with_columns(is_whole=~pl.col(POS).is_in(incomplete))
            )

        yield from map(judge, listed)  # which holds none of them while the next one is read


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


def is_landed() -> pl.Expr:
    return pl.col(OUTCOME).is_in(list(LANDED))


def is_doubted() -> pl.Expr:
    return pl.col(OUTCOME).is_in(_IN_DOUBT)
