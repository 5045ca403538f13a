"""The store that somebody wants to look into: that of a spec, of a run, or of the environment."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import Throttle
from memory_import.errors import UsageProblem
from memory_import.run.lifecycle.changes import check_target
from memory_import.run.lifecycle.state_directory import has_ledger, hold, open_ledger
from memory_import.run.lifecycle.targets import emulated, find_target, find_target_again, look_up_store
from memory_import.run.request import RunRequest
from memory_import.run.settings import Settings, Target, live_target, read_credentials
from memory_import.run.stores.account import connect
from memory_import.spec.file import load_spec
from memory_import.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: as a spec says, as a run did, or, with neither, as the environment says."""

    state_dir: Path
    spec_path: Path | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """A store that can be asked. `spec`: what WHO is read by; None where neither spec nor run was named."""

    client: Client
    target: Target
    spec: Spec | None


@asynccontextmanager
async def reach(
    place: Place, variables: Mapping[str, str], throttle: Throttle | None = None
) -> AsyncIterator[Reached]:
    """Open the store; the service's wishes to wait hold here as for runs. `throttle`: what requests wait at.

    Raises `UsageProblem` where it is not said which store, or how to get there.
    """
    with ExitStack() as stack:
        target, spec = stack.enter_context(_find(place, variables))
        ledger = stack.enter_context(open_ledger(place.state_dir)) if has_ledger(place.state_dir) else None
        async with connect(target.account, ledger, throttle) as client:
            found = await look_up_store(client, target, spec, place.spec_path)
            yield Reached(client, found, spec)


@contextmanager
def _find(place: Place, variables: Mapping[str, str]) -> Iterator[tuple[Target, Spec | None]]:
    if place.spec_path is not None and place.run_id is not None:
        raise UsageProblem("Both --spec and --run say where to look; leave one out.")
    if place.run_id is not None:
        with _open_run(place.state_dir, place.run_id, variables) as found:
            yield found
    elif place.spec_path is not None:
        spec = load_spec(place.spec_path, variables, is_emulator=False, sources=None)
        yield find_target(RunRequest(), spec, variables), spec
    else:
        settings = Settings.of(variables)
        yield live_target(settings, None, read_credentials(settings)), None


@contextmanager
def _open_run(
    state_dir: Path, run_id: str, variables: Mapping[str, str]
) -> Iterator[tuple[Target, Spec | None]]:
    """The store of a run. Where that is an emulator's, the state directory is held, so that no other process
    opens it meanwhile."""
    if not has_ledger(state_dir):
        raise UsageProblem(f"There is no run {run_id} in {state_dir}: it holds no runs yet.")
    with open_ledger(state_dir) as ledger:
        record = ledger.run(run_id)
    if record is None:
        raise UsageProblem(f"There is no run {run_id} here; `memory-import status` lists all runs.")
    spec = Spec.model_validate(record.spec)
    if record.emulator:
        with hold(state_dir, f"a look into run {run_id}"), emulated(state_dir / "runs" / run_id) as target:
            yield target, spec
        return
    target = find_target_again(RunRequest(), record, spec, variables)
    check_target(record, target)
    yield target, spec
