"""The whole import, against a sink: rows a second by stage and in all, and the peak of memory.

Beside it, in the same run, the script that one would write without this project.

`python -m benchmarks.importing [ROWS ...]`, default 1,000,000 and 10,000,000.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.customers import SPEC
from memory_import.spec.model import ProfilesSpec
from memory_import.spec.plans import DATA_TYPES, trait_plans

STORE = "mem_store_00000000000000000000000001"


@dataclass(frozen=True)
class Measured:
    """One import: its report, the wall time and CPU time of its process, and its peak of memory."""

    report: dict[str, Any]
    seconds: float
    cpu_seconds: float
    peak_bytes: int


def sink_schema(spec: dict[str, Any]) -> dict[str, Any]:
    """What the sink says of the store: everything that the spec uses is declared."""
    groups: dict[str, dict[str, Any]] = {}
    for plan in trait_plans(ProfilesSpec.model_validate(spec["profiles"])):
        definition = {"dataType": DATA_TYPES[plan.type]}
        if plan.type in {"phone", "email"}:
            definition["idTypePromotion"] = plan.type.value
        groups.setdefault(plan.group, {})[plan.name] = definition
    return {
        "Store": {"id": STORE, "displayName": "sink", "status": "ACTIVE", "version": 1},
        "TraitGroups": {
            "traitGroups": [
                {"displayName": name, "traits": traits, "version": 1} for name, traits in groups.items()
            ],
            "meta": {},
        },
        "IdentityResolutionSettings": {
            "identifierConfigs": [
                {"idType": "phone", "normalization": "phone"},
                {"idType": "email", "normalization": "email"},
            ],
            "matchingRules": ["phone", "email"],
            "version": 1,
        },
    }


@contextmanager
def sink(schema: dict[str, Any], folder: Path) -> Iterator[str]:
    """A sink in a process of its own; yields its address."""
    path = folder / "schema.json"
    path.write_text(json.dumps(schema))
    command = [sys.executable, "-m", "benchmarks.sink", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def measure_import(rows: int, folder: Path) -> Measured:
    """Import so many generated customers with the command line, without Prefect."""
    source = folder / f"customers-{rows}.csv"
    generate(source, rows)
    spec_path = folder / f"spec-{rows}.yaml"
    spec_path.write_text(SPEC.format(path=source))
    with sink(sink_schema(yaml.safe_load(spec_path.read_text())), folder) as url:
        measured = carry_out(spec_path, folder / f"state-{rows}", url)
    source.unlink()
    return measured


def measure_straightforward(rows: int, folder: Path) -> float:
    """Seconds a million rows that the straightforward script needs, from so many rows."""
    source = folder / "straightforward.csv"
    generate(source, rows)
    spec = yaml.safe_load(SPEC.format(path=source))
    with sink(sink_schema(spec), folder) as url:
        began = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.straightforward", str(source), url]
        subprocess.run(command, check=True)
        return (time.perf_counter() - began) * 1_000_000 / rows


def generate(path: Path, rows: int) -> None:
    """Write customers in a process of its own: the peak of memory of a process counts its parent's, too."""
    subprocess.run([sys.executable, "-m", "benchmarks.customers", str(path), str(rows)], check=True)


def carry_out(spec_path: Path, state_dir: Path, url: str) -> Measured:
    """Run a spec against a sink, in a process of its own."""
    environment = {
        **os.environ,
        "MEMORY_API_URL": url,
        "TWILIO_ACCOUNT_SID": "AC0",
        "TWILIO_API_KEY": "SK0",
        "TWILIO_API_SECRET": "sink",
    }
    environment.pop("_RJEM_MALLOC_CONF", None)  # Polars leaves its own there when it is imported
    command = [
        *(sys.executable, "-m", "memory_import.cli", "run", str(spec_path), "--no-prefect"),
        *("--output", "json", "--state-dir", str(state_dir)),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    return Measured(json.loads(output), seconds, usage.ru_utime + usage.ru_stime, _peak_bytes(usage))


def _peak_bytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * 1024


def main(counts: list[int]) -> None:
    """Measure imports of these sizes, one after another, beside the straightforward script."""
    first: Measured | None = None
    for rows in counts:
        with tempfile.TemporaryDirectory() as folder:
            plain = measure_straightforward(100_000, Path(folder))
            measured = measure_import(rows, Path(folder))
        first = first or measured
        outcomes = {name: n for name, n in measured.report["loads"]["profiles"]["rows"].items() if n}
        print(
            f"\n{rows:,} rows in {measured.seconds:.1f} s: {rows / measured.seconds:,.0f} rows a second, ",
            end="",
        )
        ratio = plain * rows / 1e6 / measured.seconds
        print(f"{ratio:.1f} times the straightforward script ({plain:.0f} s a million)")
        print(f"  CPU {measured.cpu_seconds:.1f} s, peak memory {measured.peak_bytes / 1e6:,.0f} MB", end="")
        print(f" ({measured.peak_bytes / first.peak_bytes:.2f} of the first)")
        print(f"  outcomes: {outcomes}")
        for stage, seconds in measured.report["timing"].items():
            print(f"  {stage:<8} {seconds:7.2f} s  {rows / max(seconds, 1e-9):14,.0f} rows a second")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1_000_000, 10_000_000])
