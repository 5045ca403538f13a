"""Where a run writes to: Twilio's API, another address, or an emulator with the run's own store."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from memory_import.destination.http.client import Client
from memory_import.errors import UsageProblem
from memory_import.ledger.database.records import RunRecord
from memory_import.ledger.files import private_directory
from memory_import.run.lifecycle.changes import refuse_differences
from memory_import.run.request import KNOWN, Action, RunRequest
from memory_import.run.settings import (
    EMULATOR_STORE_ID,
    Credentials,
    Settings,
    Target,
    live_target,
    offline_target,
    read_credentials,
)
from memory_import.run.stores.account import find_by_name
from memory_import.spec.model import Spec

_JOURNAL = "emulator.journal"


def find_target(request: RunRequest, spec: Spec, variables: Mapping[str, str]) -> Target:
    """Where a run writes to that is not for the emulator; `UsageProblem` names everything that is missing.

    A plan needs no credentials: without them nobody is asked. The id of a store that the spec knows by name
    is looked up by `look_up_store`.
    """
    settings, is_named = Settings.of(variables), spec.named_store is not None
    credentials = request.credentials or read_credentials(settings)
    if credentials is None and request.action is Action.PLAN:
        return offline_target(settings, spec.store_id, is_named=is_named)
    return live_target(settings, spec.store_id, credentials, is_named=is_named)


def find_target_again(
    request: RunRequest, record: RunRecord, spec: Spec, variables: Mapping[str, str]
) -> Target:
    """Where a run has written to; a store that its spec knows by name is the one that it was then."""
    target = find_target(request, spec, variables)
    if spec.named_store is None:
        return target
    if not record.store_id:
        there = f"it was planned without a store; the spec has the store {spec.named_store.name}"
        refuse_differences("The target", [there])
    return replace(target, store_id=record.store_id)


async def look_up_store(client: Client, target: Target, spec: Spec | None, path: Path | None) -> Target:
    """The target with the id of the store that the spec, at `path`, knows by name.

    `UsageProblem` where the account has no store of that name.
    """
    named = spec.named_store if spec else None
    if named is None or target.store_id:
        return target
    found = await find_by_name(client, named.name)
    if found is None:
        raise UsageProblem(describe_missing(spec, path))
    return replace(target, store_id=found.store.store_id)


def describe_missing(spec: Spec | None, path: Path | str | None) -> str:
    """That the account does not have the store of the spec at `path`, and what to do."""
    name = spec.named_store.name if spec and spec.named_store else ""
    return f"There is no store named {name!r} in this account: `memory-import setup {path}` makes it."


@contextmanager
def emulated(run_folder: Path) -> Iterator[Target]:
    """An emulator whose store is kept in the folder of the run; nobody gains by waiting for its work."""
    from memory_import.emulator.engine.errors import UsageError
    from memory_import.emulator.server import running

    credentials = Credentials("SK" + secrets.token_hex(16), SecretStr(secrets.token_hex(16)))
    journal = private_directory(run_folder) / _JOURNAL
    with ExitStack() as stack:
        try:
            server = stack.enter_context(
                running(state_file=journal, api_key=credentials.pair, delay_seconds=(0, 0))
            )
        except UsageError as error:
            raise UsageProblem(f"The emulator cannot go on with {journal}: {error}") from error
        yield Target(server.url, EMULATOR_STORE_ID, credentials, is_emulator=True)


def keep_store(runs: list[RunRecord], folder_of_runs: Path, run_folder: Path) -> None:
    """Give a new run the emulator's store, and what is known of it, as the last run that sent anything into
    one left them; `runs`: the newest first.

    Where there was none, the store begins empty. `UsageProblem` where that run is not finished.
    """
    sent = [run for run in runs if run.emulator and run.delivery_number is not None]
    last = next((run for run in sent if (folder_of_runs / run.run_id / _JOURNAL).exists()), None)
    if last is None:
        return
    if last.is_resumable:
        raise UsageProblem(
            f"Run {last.run_id}, whose emulator --keep would go on with, is not finished: "
            f"`memory-import resume {last.run_id}` ends it; or leave out --keep."
        )
    folder = folder_of_runs / last.run_id
    shutil.copy(folder / _JOURNAL, private_directory(run_folder) / _JOURNAL)
    (run_folder / _JOURNAL).chmod(0o600)
    if (folder / KNOWN).exists():
        shutil.copytree(folder / KNOWN, private_directory(run_folder / KNOWN), dirs_exist_ok=True)
