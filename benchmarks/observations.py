"""Observations a second against the emulator, beside a bare httpx loop that sends the same bodies.

`python -m benchmarks.observations [OBSERVATIONS]`, default 100,000, ten for each profile.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import yaml

from memory_import.destination.delivery.batches import build_body, plan_memory_batches
from memory_import.destination.limits import MEMORY_SENDERS
from memory_import.ledger.staging.staged import Staging

STORE = "mem_store_00000000000000000000000001"
USER, PASSWORD = "SK0", "benchmark"
PER_PROFILE = 10
CONTENT = (
    "The customer asked when the replacement will arrive, and was told that it left the depot, number {}."
)


def write_inputs(folder: Path, observations: int) -> Path:
    """Customers, their notes, and the spec of both."""
    customers = max(1, observations // PER_PROFILE)
    phones = pl.format("+1202{}", pl.int_range(2_000_000, 2_000_000 + customers, eager=True))
    people = pl.select(phones.alias("Phone"), Name=pl.format("Name {}", pl.int_range(customers, eager=True)))
    people.write_csv(folder / "customers.csv")
    at = pl.int_range(observations, eager=True)
    pl.select(
        Phone=pl.format("+1202{}", 2_000_000 + (at * 7919) % customers),
        Note=pl.format(CONTENT, at),
        Created=(pl.datetime(2024, 1, 1) + pl.duration(minutes=at % 500_000)).dt.strftime("%Y-%m-%d %H:%M"),
    ).write_csv(folder / "notes.csv")
    spec = {
        "version": 1,
        "store": STORE,
        "profiles": {
            "source": "customers.csv",
            "traits": {"Contact": {"phone": {"column": "Phone", "type": "phone"}, "firstName": "Name"}},
        },
        "observations": {
            "source": "notes.csv",
            "profile": {"phone": "Phone"},
            "content": "Note",
            "occurred_at": {"column": "Created", "timezone": "UTC"},
            "observation_source": "crm-notes",
        },
    }
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec))
    return path


@contextmanager
def emulator() -> Iterator[str]:
    """The emulator in a process of its own; yields its address."""
    command = [
        sys.executable,
        "-m",
        "memory_import.emulator",
        "--port",
        "0",
        "--api-key",
        f"{USER}:{PASSWORD}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.kill()


def import_all(spec: Path, url: str) -> dict[str, Any]:
    """Import with the command line; the report."""
    environment = {
        **os.environ,
        "MEMORY_API_URL": url,
        "TWILIO_ACCOUNT_SID": "AC0",
        "TWILIO_API_KEY": USER,
        "TWILIO_API_SECRET": PASSWORD,
    }
    command = [
        *(sys.executable, "-m", "memory_import.cli", "run", str(spec), "--no-prefect", "--output", "json"),
        *("--state-dir", str(spec.parent / "state")),
    ]
    finished = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def read_requests(spec: Path) -> list[tuple[str, bytes]]:
    """Path and body of every request that the import made, in its order."""
    (folder,) = (spec.parent / "state" / "runs").iterdir()
    staging = Staging(folder / "observations")
    requests = []
    for part in staging.sorted_parts:
        entries = staging.entries(part, "_payload", "_profile_id")
        for batch in plan_memory_batches(entries, load="observations", part=part):
            profile_id = entries["_profile_id"][batch.start]
            body = build_body(entries["_payload"][batch.start : batch.stop], "observations")
            requests.append((f"/v1/Stores/{STORE}/Profiles/{profile_id}/Observations", body))
    return requests


async def send_plainly(requests: list[tuple[str, bytes]], url: str) -> float:
    """Send them as fast as a loop can, as many at once as the import; the seconds it took."""
    waiting = iter(requests)
    async with httpx.AsyncClient(base_url=url, auth=(USER, PASSWORD), trust_env=False) as client:

        async def send() -> None:
            for path, body in waiting:
                answer = await client.post(path, content=body, headers={"content-type": "application/json"})
                assert answer.status_code == 202

        began = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(MEMORY_SENDERS)))
        return time.perf_counter() - began


def main(observations: int = 100_000) -> None:
    """Measure both and print the ratio."""
    with tempfile.TemporaryDirectory() as name, emulator() as url:
        spec = write_inputs(Path(name), observations)
        report = import_all(spec, url)
        requests = read_requests(spec)
        plain_seconds = asyncio.run(send_plainly(requests, url))
    seconds = report["timing"]["deliver observations"]
    outcomes = {name: n for name, n in report["loads"]["observations"]["rows"].items() if n}
    rate, plain_rate = len(requests) / seconds, len(requests) / plain_seconds
    print(f"\n{observations:,} observations in {len(requests):,} requests: {outcomes}")
    print(f"  {rate:,.0f} requests a second, {observations / seconds:,.0f} observations a second")
    print(f"  a bare httpx loop: {plain_rate:,.0f} requests a second; ratio {rate / plain_rate:.2f}")
    for stage, spent in report["timing"].items():
        print(f"  {stage:<30} {spent:7.2f} s")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
