"""A store on an emulator whose profiles change behind our back, and what a verification finds there."""

import asyncio
import csv
import json
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import yaml

from memory_import.clock import seconds_now
from memory_import.emulator.server import running
from memory_import.run.lifecycle.result import RunResult
from memory_import.run.progress import RunProgress
from memory_import.run.verify.command import VerifyRequest, verify_run
from tests.support.workplace import STORE, Workplace

HOUR = 3_600.0
AUTH = ("SK" + "0" * 32, "secret")


@dataclass
class World:
    """An emulator, a folder with an input of it, and a clock that both go by."""

    url: str
    workplace: Workplace
    offset: float = 0.0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.url}{path}", json=body, auth=AUTH, verify=False, timeout=60)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def script(self, *rules: dict[str, Any]) -> None:
        """What the emulator does wrong from now on."""
        self.ask("POST", "/emulator/faults", list(rules))

    def run(self, **changes: Any) -> RunResult:
        return self.workplace.carry_out(self.workplace.request(**changes))

    def wait(self) -> None:
        """An hour goes by."""
        self.ask("POST", "/emulator/clock", {"advance_seconds": HOUR})
        self.offset += HOUR

    def verify(self, sample: int | None, run_id: str | None = None) -> dict[str, Any]:
        return verify(self.workplace, sample, self.offset, run_id)

    def report(self, result: RunResult) -> dict[str, Any]:
        """The report of a run as it stands now."""
        read: dict[str, Any] = json.loads((Path(result.folder) / "report.json").read_text())
        return read

    def profile_of(self, email: str) -> str:
        found = self.ask("POST", f"{PROFILES}/Lookup", {"idType": "email", "value": email})
        (profile_id,) = found["profiles"]
        return str(profile_id)

    def lookups(self) -> int:
        asked = self.ask("GET", "/emulator/requests")
        return sum(each["path"].endswith("/Lookup") for each in asked["requests"])


PROFILES = f"/v1/Stores/{STORE}/Profiles"


def email(number: int) -> str:
    return f"p{number}@example.com"


def verify(
    workplace: Workplace, sample: int | None, offset: float, run_id: str | None = None
) -> dict[str, Any]:
    """What reading back finds, so many seconds from now."""
    request = VerifyRequest(workplace.state_dir, run_id, sample)
    now = lambda: seconds_now() + offset  # noqa: E731
    return asyncio.run(verify_run(request, workplace.variables, RunProgress(None), now=now))


@contextmanager
def running_world(folder: Path) -> Iterator[World]:
    """A world whose spec and input are in a folder."""
    with running(delay_seconds=(0, 0), operation_retry_after_seconds=0) as emulator:
        variables = {
            "MEMORY_API_URL": emulator.url,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_API_KEY": AUTH[0],
            "TWILIO_API_SECRET": AUTH[1],
        }
        yield World(emulator.url, Workplace(folder, variables))


def outcomes(result: RunResult, name: str = "outcomes.parquet") -> Counter[str]:
    return Counter(pl.read_parquet(Path(result.folder) / name)["outcome"].to_list())


def listed_rows(result: RunResult, verdict: str, name: str = "differences.csv") -> list[int]:
    path = Path(result.folder) / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="") as lines:
        return sorted({int(row["_row"]) for row in csv.DictReader(lines) if row["_verdict"] == verdict})


def add_notes(world: World, count: int) -> None:
    """A note on each of the first people, in the input and the spec."""
    lines = [f"{email(n)},note {n},2024-03-0{1 + n % 9}" for n in range(count)]
    (world.workplace.folder / "notes.csv").write_text("\n".join(["Email,Note,Created", *lines]) + "\n")
    spec = yaml.safe_load((world.workplace.folder / "spec.yaml").read_text())
    spec["observations"] = {
        "source": "notes.csv",
        "profile": {"email": "Email"},
        "content": "Note",
        "occurred_at": {"column": "Created", "format": "%Y-%m-%d", "timezone": "UTC"},
        "observation_source": "crm-notes",
    }
    (world.workplace.folder / "spec.yaml").write_text(yaml.safe_dump(spec))


def observation_of(world: World, number: int) -> str:
    """The path of the only one that a profile holds."""
    profile_id = world.profile_of(email(number))
    (held,) = world.ask("GET", f"{PROFILES}/{profile_id}/Observations")["observations"]
    return f"{PROFILES}/{profile_id}/Observations/{held['id']}"
