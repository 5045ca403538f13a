"""A setup as it is asked for: the spec is read, the store looked at, the plan shown, and then carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory_import.destination.errors import StoreUnfit
from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.errors import ExitCode
from memory_import.ledger.database.records import RequestCount
from memory_import.run.settings import Settings, Target, live_target, read_credentials
from memory_import.run.setup.carry_out import look_at_store, set_up_store
from memory_import.run.setup.plan import SetupPlan
from memory_import.run.setup.wanted import wanted_of
from memory_import.spec.file import load_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupResult:
    """What was planned, and what became of it: `done`, `planned` (nobody agreed) or `nothing_to_do`."""

    store_id: str
    plan: SetupPlan
    status: str
    done: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """A plan that nobody agreed to leaves the store unfit."""
        return ExitCode.USAGE if self.status == "planned" else ExitCode.DONE

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "store_id": self.store_id,
            "status": self.status,
            "exit_code": int(self.exit_code),
            "changes": [{"kind": each.kind, "what": each.words} for each in self.plan.changes],
            "kept": list(self.plan.kept),
            "done": list(self.done),
        }


async def set_up(spec_path: Path, variables: Mapping[str, str], agree: Callable[[str], bool]) -> SetupResult:
    """Make what the spec's store lacks, once `agree`, which is shown the plan, says yes.

    Raises `UsageProblem` for the spec and the settings, `StoreUnfit` for the store and for conflicts: then
    nothing was changed.
    """
    spec = load_spec(spec_path, variables, is_emulator=False, sources=None)
    settings = Settings.of(variables)
    target = live_target(settings, spec.store, read_credentials(settings))
    wanted = wanted_of(spec.profiles)
    async with _connect(target) as client:
        plan = await look_at_store(client, target.store_id, wanted)
        if plan.conflicts:
            raise StoreUnfit(plan.conflicts)
        if not plan.changes:
            return SetupResult(store_id=target.store_id, plan=plan, status="nothing_to_do")
        if not agree(describe_plan(target.store_id, plan)):
            return SetupResult(store_id=target.store_id, plan=plan, status="planned")
        done = await set_up_store(client, target.store_id, wanted)
    return SetupResult(store_id=target.store_id, plan=plan, status="done", done=tuple(done))


def describe_plan(store_id: str, plan: SetupPlan) -> str:
    """The plan for people, a line for each change and one for what is kept."""
    lines = [f"Setup of {store_id}:"]
    lines += [f"  {change.kind:<7} {change.words}" for change in plan.changes]
    if plan.kept:
        lines.append(f"  keep    {', '.join(plan.kept)}")
    return "\n".join(lines)


def _connect(target: Target) -> Client:
    assert target.credentials is not None  # noqa: S101 - a live target has them
    return Client(
        api_url=target.api_url,
        auth=target.credentials.pair,
        throttle=Throttle(StopSignal()),
        counts=RequestCount(),
    )
