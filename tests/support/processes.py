"""What the end-to-end tests work with: customers, a spec, the command line, and an emulator to look into."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import yaml
from typer.testing import CliRunner

from memory_import.cli.app import app
from memory_import.emulator.server import running
from tests.support.openapi import PATH as DOCUMENT
from tests.support.openapi import request_validator

ABOUT_REQUESTS = request_validator() if DOCUMENT.exists() else None
STORE = "mem_store_00000000000000000000000001"
USER, PASSWORD = "SK" + "0" * 32, "a-secret-of-the-tests"
INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH")
LATE = 86_400.0
"""Seconds that no test takes: what is later than that is there once a test has advanced the time."""
COLUMNS = ("Id", "First", "Last", "Phone", "Other Phone", "Email", "City")
TRAITS: dict[str, dict[str, Any]] = {
    "Contact": {
        "firstName": "First",
        "lastName": "Last",
        "phone": {"column": ["Phone", "Other Phone"], "type": "phone"},
        "email": {"column": "Email", "type": "email"},
    },
    "Account": {"customerId": "Id", "city": "City"},
}


def inherited() -> dict[str, str]:
    """What a process that is started takes over from this one; none of our own variables. Polars has all
    cores there, as it has with everybody."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def make_customers(count: int, *, seed: int = 1, repeats: float = 0.1, bad: float = 0.02) -> list[list[str]]:
    """Rows in `COLUMNS` order. A share of them names a person of an earlier row again, by phone or by email,
    now and then with a new value of the other; a share has no identifier that holds."""
    random = Random(seed)
    people: list[tuple[str, str, int]] = []
    rows = []
    for number in range(count):
        phone, email, person = f"+1202{2_000_000 + number:07d}", f"person{number}@example.com", number
        if people and random.random() < repeats:
            known_phone, known_email, person = random.choice(people)
            phone, email = random.choice(
                [(known_phone, known_email), (known_phone, email), (phone, known_email)]
            )
        people.append((phone, email, person))
        if random.random() < bad:
            phone, email = "12", "nobody"
        rows.append([f"C{number}", f"First{person}", f"Last{person}", phone, "", email, f"City{number % 50}"])
    return rows


def write_csv(rows: list[list[str]], path: Path) -> Path:
    """A plain CSV file; no value of these rows needs quotes."""
    path.write_text("\n".join(",".join(row) for row in [list(COLUMNS), *rows]) + "\n")
    return path


def write_spec(path: Path, source: Path | str, **profiles: Any) -> Path:
    """A spec for the columns of `make_customers`."""
    body = {"source": str(source), "region": {"default": "US"}, "traits": TRAITS, **profiles}
    path.write_text(yaml.safe_dump({"version": 1, "store": STORE, "profiles": body}, sort_keys=False))
    return path


@dataclass(frozen=True)
class Api:
    """The emulator from outside, as a person with the right key sees it."""

    url: str

    def declare(self, *groups: str) -> None:
        """Declare the trait groups of `TRAITS` that a fresh emulator lacks."""
        for group in groups:
            traits = {name: {"dataType": "STRING"} for name in TRAITS[group]}
            self.call(
                "POST",
                f"/v1/ControlPlane/Stores/{STORE}/TraitGroups",
                {"displayName": group, "traits": traits},
            )
        self.settle()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request, which must succeed; the JSON of the answer."""
        response = httpx.request(
            method,
            self.url + path,
            json=body,
            auth=(USER, PASSWORD),
            trust_env=False,
            verify=False,
            timeout=60,
        )
        response.raise_for_status()
        return response.json()

    def settle(self) -> None:
        """Wait until all accepted work is applied."""
        while self.call("GET", "/emulator/health")["pending"]:
            time.sleep(0.02)

    def advance(self, seconds: float) -> None:
        """Let the emulator's time pass."""
        self.call("POST", "/emulator/clock", {"advance_seconds": seconds})

    def profiles(self) -> list[dict[str, Any]]:
        """Every canonical profile of the store with traits and identifiers, without ids, in a fixed order."""
        self.settle()
        found = self.call("GET", "/emulator/profiles")["stores"][STORE]
        kept = [{"traits": profile["traits"], "identifiers": profile["identifiers"]} for profile in found]
        return sorted(kept, key=lambda profile: json.dumps(profile, sort_keys=True))

    def requests(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every request under /v1 that the emulator saw after the one with this number."""
        found: list[dict[str, Any]] = self.call("GET", f"/emulator/requests?after={after}")["requests"]
        return found

    def last_request(self) -> int:
        """The number of the last of them; 0 where there was none."""
        return max((request["number"] for request in self.requests()), default=0)

    def set_faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Play these faults from now on."""
        self.call("POST", "/emulator/faults", {"seed": seed, "rules": list(rules)})

    def look_up(self, id_type: str, value: str) -> list[str]:
        """The ids of the profiles that an identifier leads to."""
        body = {"idType": id_type, "value": value}
        found: list[str] = self.call("POST", f"/v1/Stores/{STORE}/Profiles/Lookup", body)["profiles"]
        return found


@contextmanager
def serving(**options: Any) -> Iterator[Api]:
    """A fresh emulator that knows the trait groups of `TRAITS`.

    Every request to it is held against the API's official document, where that lies beside the checkout,
    unless `validator` is None: looking at a large Bulk takes time, and other requests wait meanwhile.
    """
    with running(**{"api_key": (USER, PASSWORD), "validator": ABOUT_REQUESTS, **options}) as server:
        api = Api(server.url)
        api.declare("Account")
        yield api
        assert api.call("GET", "/emulator/violations")["violations"] == []


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The report on stdout."""
        report: dict[str, Any] = json.loads(self.stdout)
        return report


def invoke(folder: Path, arguments: list[str], variables: dict[str, str]) -> Finished:
    """Run a command to its end in this process: in a folder, with these variables of ours and no others."""
    nothing = [name for name in os.environ if name.startswith(("TWILIO", "MEMORY", "PREFECT"))]
    with chdir(folder):
        result = CliRunner().invoke(app, arguments, env={**dict.fromkeys(nothing), **variables})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Finished(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class CommandLine:
    """`memory-import` in a folder, with the credentials and the address of an emulator."""

    folder: Path
    api_url: str | None = None
    password: str = PASSWORD

    def start(self, *arguments: str | Path, state_dir: str = "state") -> subprocess.Popen[str]:
        """Start a command and do not wait for it."""
        command = [sys.executable, "-m", "memory_import.cli", *map(str, arguments), "--state-dir", state_dir]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**inherited(), **self._variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path, state_dir: str = "state") -> Finished:
        """Run a command without Prefect to its end, in this process; its report is on stdout.

        A process takes a second to start: `start` is for what only processes show, such as signals.
        """
        command = [*map(str, arguments), "--no-prefect", "--output", "json", "--state-dir", state_dir]
        return invoke(self.folder, command, self._variables)

    @property
    def _variables(self) -> dict[str, str]:
        target = {"MEMORY_API_URL": self.api_url} if self.api_url else {}
        return {
            **target,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_API_KEY": USER,
            "TWILIO_API_SECRET": self.password,
        }


def wait(process: subprocess.Popen[str], timeout_seconds: float = 600) -> Finished:
    """Wait for a command that was started."""
    stdout, stderr = process.communicate(timeout=timeout_seconds)
    return Finished(process.returncode, stdout, stderr)


def wait_for_more_requests(api: Api, process: subprocess.Popen[str]) -> None:
    """Wait until a command that was started has written to the API, or has ended."""
    before = api.last_request()
    while not any(request["method"] != "GET" for request in api.requests(after=before)):
        if process.poll() is not None:
            return
        time.sleep(0.05)


def kill_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a command with SIGKILL after so many seconds; False when it was done before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    process.communicate()
    return False
