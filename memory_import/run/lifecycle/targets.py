"""Where a run writes to: Twilio's API, another address, or an emulator with the run's own store."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr

from memory_import.errors import UsageProblem
from memory_import.ledger.database.records import RunRecord
from memory_import.ledger.files import private_directory
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
from memory_import.spec.model import Spec

_JOURNAL = "emulator.journal"


def find_target(request: RunRequest, spec: Spec, variables: Mapping[str, str]) -> Target:
    """Where a run writes to that is not for the emulator; `UsageProblem` names everything that is missing.

    A plan needs no credentials: without them nobody is asked.
    """
    settings = Settings.of(variables)
    credentials = request.credentials or read_credentials(settings)
    if credentials is None and request.action is Action.PLAN:
        return offline_target(settings, spec.store)
    return live_target(settings, spec.store, credentials)


@contextmanager
def emulated(run_folder: Path) -> Iterator[Target]:
    """An emulator whose store is kept in the folder of the run."""
    from memory_import.emulator.engine.errors import UsageError
    from memory_import.emulator.server import running

    credentials = Credentials("SK" + secrets.token_hex(16), SecretStr(secrets.token_hex(16)))
    journal = private_directory(run_folder) / _JOURNAL
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(state_file=journal, api_key=credentials.pair))
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
