"""A setup as it is asked for: the spec is read, the store looked at, the plan shown, and then carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory_import.destination.errors import StoreUnfit
from memory_import.errors import ExitCode
from memory_import.run.settings import Settings, live_target, read_credentials
from memory_import.run.setup.carry_out import look_at_store, set_up_store
from memory_import.run.setup.changes import SetupPlan
from memory_import.run.setup.wanted import wanted_of
from memory_import.run.stores.account import Tell, connect, find_by_name
from memory_import.spec.file import load_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupResult:
    """What was planned, and what became of it: `done`, `planned` (nobody agreed) or `nothing_to_do`.

    `store_id` is None where the store is not there and nobody agreed to create it.
    """

    store_id: str | None
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
            "warnings": list(self.plan.warnings),
        }


async def set_up(
    spec_path: Path, variables: Mapping[str, str], tell: Tell, agree: Callable[[], bool]
) -> SetupResult:
    """Make what the spec's store lacks, once `agree` says yes to the plan, which `tell` is told.

    Raises `UsageProblem` for the spec and the settings, `StoreUnfit` for the store and for conflicts: then
    nothing was changed.
    """
    spec = load_spec(spec_path, variables, is_emulator=False, sources=None)
    settings, named = Settings.of(variables), spec.named_store
    target = live_target(settings, spec.store_id, read_credentials(settings), is_named=named is not None)
    store, wanted = named or target.store_id, wanted_of(spec)
    async with connect(target.account) as client:
        plan = await look_at_store(client, store, wanted, tell)
        for warning in plan.warnings:
            tell(warning)
        store_id = plan.store.store_id if plan.store else None
        if not plan.changes and not plan.conflicts:
            return SetupResult(store_id=store_id, plan=plan, status="nothing_to_do")
        tell(describe_plan(plan, named.name if named else target.store_id))
        if plan.conflicts:
            raise StoreUnfit(plan.conflicts)
        if not agree():
            return SetupResult(store_id=store_id, plan=plan, status="planned")
        done = await set_up_store(client, store, wanted, tell)
        made = await find_by_name(client, named.name) if named and store_id is None else None
    return SetupResult(
        store_id=made.store.store_id if made else store_id, plan=plan, status="done", done=tuple(done)
    )


def describe_plan(plan: SetupPlan, called: str) -> str:
    """The plan for people, a line for each change and one for what is kept. `called`: the name of the store,
    or its id."""
    store_id = plan.store.store_id if plan.store else None
    lines = [f"Setup of {called}:" if store_id in {None, called} else f"Setup of {called} ({store_id}):"]
    lines += [f"  {change.kind:<7} {change.words}" for change in plan.changes]
    if plan.kept:
        lines.append(f"  {'keep':<7} {', '.join(plan.kept)}")
    if plan.conflicts:
        lines.append("Nothing is changed, for what follows is in conflict:")
    return "\n".join(lines)
