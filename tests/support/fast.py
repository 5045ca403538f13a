"""Runs in this process whose waits pass a hundred times as fast, against an emulator that is lied for."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.pipeline import run_import
from memory_import.run.progress import RunProgress
from memory_import.run.request import Action, RunRequest
from tests.support.processes import PASSWORD, USER

SPEED = 100
WAIT_SECONDS = 3_600.0  # real ones would be 36


def make_fast_throttle(stop_signal: StopSignal) -> Throttle:
    """Where every request waits: for a hundredth of the time."""
    return Throttle(
        stop_signal,
        clock=lambda: time.monotonic() * SPEED,
        sleep=lambda seconds: asyncio.sleep(seconds / SPEED),
    )


@dataclass(frozen=True)
class FastRuns:
    """Runs of `spec.yaml` in a folder, into the API at `api_url`."""

    folder: Path
    api_url: str

    def run(self, **changes: Any) -> RunResult:
        """A new run, or a plan."""
        return self._carry_out(spec_path=self.folder / "spec.yaml", **changes)

    def apply(self, run_id: str) -> RunResult:
        """What a plan holds, sent."""
        return self._carry_out(action=Action.APPLY, run_id=run_id)

    def resume(self, run_id: str | None) -> RunResult:
        """A run that goes on; None: the last unfinished one."""
        return self._carry_out(action=Action.RESUME, run_id=run_id)

    @property
    def variables(self) -> dict[str, str]:
        """The environment that leads to the API."""
        return {
            "MEMORY_API_URL": self.api_url,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_API_KEY": USER,
            "TWILIO_API_SECRET": PASSWORD,
        }

    def _carry_out(self, **facts: Any) -> RunResult:
        request = RunRequest(state_dir=self.folder / "state", wait_seconds=WAIT_SECONDS, **facts)
        run = run_import(request, self.variables, RunProgress(None), make_throttle=make_fast_throttle)
        return asyncio.run(run)
