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
from memory_import.run.request import Action, RunRequest
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
    """Give a new run the emulator's store as the last of the runs into it left it; `runs`: the newest first.

    Where there was none, the store begins empty.
    """
    of_emulator = (folder_of_runs / run.run_id / _JOURNAL for run in runs if run.emulator)
    last = next((path for path in of_emulator if path.exists()), None)
    if last is not None:
        shutil.copy(last, private_directory(run_folder) / _JOURNAL)
        (run_folder / _JOURNAL).chmod(0o600)
