"""A setup as it is asked for: the spec is read, the store looked at, the plan shown, and then carried out."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memory_import.destination.errors import StoreUnfit
from memory_import.errors import ExitCode
from memory_import.ledger.database.ledger import Ledger
from memory_import.ledger.database.records import RunRecord, RunStatus
from memory_import.run.conversations.carry_out import look_at_configuration, set_up_configuration
from memory_import.run.conversations.plan import (
    ConfigurationChange,
    ConfigurationPlan,
    WantedConfiguration,
    wanted_configuration,
)
from memory_import.run.lifecycle.state_directory import open_ledger
from memory_import.run.settings import Account, Settings, Target, live_target, read_credentials
from memory_import.run.setup.carry_out import look_at_store, set_up_store
from memory_import.run.setup.changes import Change, SetupPlan
from memory_import.run.setup.wanted import wanted_of
from memory_import.run.stores.account import Tell, connect, find_by_name
from memory_import.spec.configuration import ConfigurationSpec
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec

_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRequest:
    """What is asked for. `state_dir` is there; the service's wishes to wait are kept in its ledger.
    `with_conversations`: the conversation configuration, too, whatever was imported so far."""

    spec_path: Path
    state_dir: Path
    with_conversations: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupResult:
    """What was planned, and what became of it: `done`, `planned` (nobody agreed) or `nothing_to_do`.

    `store_id` is None where the store is not there and nobody agreed to create it.
    """

    store_id: str | None
    plan: SetupPlan
    configuration: ConfigurationPlan
    status: str
    done: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """A plan that nobody agreed to leaves the store unfit."""
        return ExitCode.USAGE if self.status == "planned" else ExitCode.DONE

    @property
    def changes(self) -> Sequence[Change | ConfigurationChange]:
        """All that is to be made, in order: conversations come last."""
        return [*self.plan.changes, *self.configuration.changes]

    @property
    def kept(self) -> Sequence[str]:
        """All that stays as it is."""
        return [*self.plan.kept, *self.configuration.kept]

    @property
    def conflicts(self) -> Sequence[str]:
        """All that stands in the way."""
        return [*self.plan.conflicts, *self.configuration.conflicts]

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "store_id": self.store_id,
            "status": self.status,
            "exit_code": int(self.exit_code),
            "changes": [{"kind": each.kind, "what": each.words} for each in self.changes],
            "kept": list(self.kept),
            "done": list(self.done),
            "warnings": list(self.plan.warnings),
        }


async def set_up(
    request: SetupRequest, variables: Mapping[str, str], tell: Tell, agree: Callable[[], bool]
) -> SetupResult:
    """Make what the spec's store lacks, once `agree` says yes to the plan, which `tell` is told.

    Raises `UsageProblem` for the spec and the settings, `StoreUnfit` for the store and for conflicts: then
    nothing was changed.
    """
    spec = load_spec(request.spec_path, variables, is_emulator=False, sources=None)
    settings, named = Settings.of(variables), spec.named_store
    target = live_target(settings, spec.store_id, read_credentials(settings), is_named=named is not None)
    store, wanted = named or target.store_id, wanted_of(spec)
    second = Account(settings.conversations_url, target.account.credentials)
    async with AsyncExitStack() as stack:
        ledger = stack.enter_context(open_ledger(request.state_dir))
        client = await stack.enter_async_context(connect(target.account, ledger))
        conversations = await stack.enter_async_context(connect(second, ledger))
        plan = await look_at_store(client, store, wanted, tell)
        for warning in plan.warnings:
            tell(warning)
        configuring = _wanted_configuration(request, spec, target, plan, ledger)
        if configuring is None and spec.setup.conversations is not None:
            tell(
                "The conversation configuration waits for an import: repeat setup after it, or add "
                "--conversations to make it now."
            )
        result = SetupResult(
            store_id=plan.store.store_id if plan.store else None,
            plan=plan,
            configuration=await look_at_configuration(conversations, configuring)
            if configuring
            else ConfigurationPlan(),
            status="nothing_to_do",
        )
        if not result.changes and not result.conflicts:
            return result
        tell(describe_plan(result, named.name if named else target.store_id))
        if result.conflicts:
            raise StoreUnfit(result.conflicts)
        if not agree():
            return replace(result, status="planned")
        done = await set_up_store(client, store, wanted, tell)
        made = await find_by_name(client, named.name) if named and result.store_id is None else None
        store_id = made.store.store_id if made else result.store_id
        if configuring is not None:
            configuring = replace(configuring, store_id=store_id)
            done = await set_up_configuration(conversations, configuring, done, tell)
    return replace(result, store_id=store_id, status="done", done=tuple(done))


def _wanted_configuration(
    request: SetupRequest, spec: Spec, target: Target, plan: SetupPlan, ledger: Ledger
) -> WantedConfiguration | None:
    """What the conversation configuration is to be; None as long as it waits for an import.

    Profiles that are loaded after the first conversations exist twice until they merge.
    """
    asked, store = spec.setup.conversations, plan.store
    if not request.with_conversations:
        is_time = store is not None and _was_imported(ledger, target.api_url, store.store_id)
        if asked is None or not is_time:
            return None
    name = store.name if store else spec.named_store.name if spec.named_store else ""
    return wanted_configuration(asked or ConfigurationSpec(), store.store_id if store else None, name)


def _was_imported(ledger: Ledger, api_url: str, store_id: str) -> bool:
    """Whether a run of this state has brought profiles into a store, to its end."""

    def has_delivered(run: RunRecord) -> bool:
        is_there = (run.api_url, run.store_id, run.emulator) == (api_url, store_id, False)
        is_done = run.status is RunStatus.FINISHED and run.delivery_number is not None
        return is_there and is_done and "profiles" in run.loads

    return any(has_delivered(run) for run in ledger.runs())


def describe_plan(result: SetupResult, called: str) -> str:
    """The plan for people, a line for each change and one for what is kept. `called`: the name of the store,
    or its id."""
    store_id = result.store_id
    lines = [f"Setup of {called}:" if store_id in {None, called} else f"Setup of {called} ({store_id}):"]
    lines += [_wrapped(change.kind, change.words) for change in result.changes]
    if result.kept:
        lines.append(_wrapped("keep", ", ".join(result.kept)))
    if result.conflicts:
        lines.append("Nothing is changed, for what follows is in conflict:")
    return "\n".join(lines)


def _wrapped(kind: str, words: str) -> str:
    """A line of a plan, on as many lines as it takes."""
    return textwrap.fill(
        words,
        _WIDTH,
        initial_indent=f"  {kind:<7} ",
        subsequent_indent=" " * 12,
        break_long_words=False,
        break_on_hyphens=False,
    )
