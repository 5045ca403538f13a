"""What the tests of the flows work with: a small input, a spec for it, and a run of them on an emulator."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import yaml

from memory_import.errors import StoppedBySignal
from memory_import.ledger.staging.staged import Staging
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.loads.stored_values import read_values
from memory_import.run.pipeline import StageRunner, T, run_directly, run_import
from memory_import.run.progress import RunProgress
from memory_import.run.request import Action, RunRequest
from memory_import.spec.file import load_spec
from memory_import.spec.plans import profile_plan
from memory_import.transforms.payloads import write_payloads

STORE = "mem_store_00000000000000000000000001"
HEADER = "Name,Phone,Email,Since"
ROWS = (
    "Ada,+1 202-555-0101,ada@example.com,2024-01-31",
    "Bram,(202) 555-0102,,2024-02-29",
    "Cleo,,cleo@example.com,2024-03-31",
    "Dov,12,,2024-04-30",
    "Cleo Heron,,cleo@example.com,2024-05-31",
)
TRAITS: dict[str, Any] = {
    "Contact": {
        "firstName": "Name",
        "phone": {"column": "Phone", "type": "phone"},
        "email": {"column": "Email", "type": "email"},
    },
}


def write_customers(folder: Path, *rows: str, name: str = "customers.csv") -> Path:
    """A CSV file with these rows, or with `ROWS`."""
    path = folder / name
    path.write_text("\n".join((HEADER, *(rows or ROWS))) + "\n")
    return path


def write_spec(folder: Path, *, store: str | dict[str, str] | None = STORE, **profiles: Any) -> Path:
    """A spec of `customers.csv`; `profiles` adds to its keys or replaces them."""
    body = {"source": "customers.csv", "region": {"default": "US"}, "traits": TRAITS, **profiles}
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "store": store, "profiles": body}, sort_keys=False))
    return path


@dataclass(frozen=True)
class Workplace:
    """A folder with an input and its spec."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def with_variables(self, **changes: str) -> "Workplace":
        """The same folder in another environment; an empty value is as good as none."""
        return Workplace(self.folder, {**self.variables, **changes})

    @property
    def state_dir(self) -> Path:
        """The state directory of all runs."""
        return self.folder / "state"

    def request(self, **changes: Any) -> RunRequest:
        """A new run of the spec."""
        return RunRequest(
            **{
                "state_dir": self.state_dir,
                "spec_path": self.folder / "spec.yaml",
                "wait_seconds": 600,
                **changes,
            }
        )

    def resumption(self, run_id: str | None = None, **changes: Any) -> RunRequest:
        """Going on with a run."""
        return RunRequest(action=Action.RESUME, state_dir=self.state_dir, run_id=run_id, **changes)

    def application(self, run_id: str, **changes: Any) -> RunRequest:
        """Sending what a plan holds."""
        return RunRequest(
            **{
                "action": Action.APPLY,
                "state_dir": self.state_dir,
                "run_id": run_id,
                "wait_seconds": 600,
                **changes,
            }
        )

    def carry_out(
        self,
        request: RunRequest | None = None,
        run_stage: StageRunner = run_directly,
        stream: TextIO | None = None,
    ) -> RunResult:
        """Carry out a request to its end."""
        return asyncio.run(
            run_import(request or self.request(), self.variables, RunProgress(stream), run_stage)
        )


def rows_of(result: RunResult) -> dict[str, int]:
    """The rows of a run by outcome, those that there are."""
    rows = result.report["loads"]["profiles"]["rows"]
    return {outcome: count for outcome, count in rows.items() if count}


def payloads_of(result: RunResult) -> list[str | None]:
    """What every input row of a run with one part says as a profile; null where it is rejected."""
    spec = load_spec(Path(result.report["spec"]), {}, is_emulator=False, sources=None)
    assert spec.profiles is not None
    staging = Staging(Path(result.folder) / "profiles")
    (part,) = staging.parts
    plan = profile_plan(spec.profiles, identifiers=())
    payloads = write_payloads(read_values(staging, plan, part), plan)
    is_rejected = staging.read(part, "_error_code")["_error_code"].is_not_null()
    return [None if rejected else payload for payload, rejected in zip(payloads, is_rejected, strict=True)]


async def stop_before_delivery(name: str, stage: Callable[[], Awaitable[T]]) -> T:
    """Runs stages as if a person pressed Ctrl-C once everything is staged."""
    if name == "deliver profiles":
        raise StoppedBySignal(signal.SIGINT)
    return await stage()
