"""Killed at any moment and resumed: the same profiles, the same report."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.support.processes import (
    LATE,
    Api,
    CommandLine,
    Finished,
    kill_after,
    make_customers,
    serving,
    wait,
    write_csv,
    write_spec,
)

KILLS, ROWS = int(os.environ.get("KILLS", "2")), int(os.environ.get("ROWS", "2500"))  # see `make soak`
UNANSWERED_SECONDS = 50.0  # before a request that nobody answers is given up
LONGEST_SECONDS = 120.0  # of a stop, on a machine as busy as can be; 20 are promised
SLOW_BULK = {"when": {"path": "*/Profiles/Bulk"}, "do": {"delay_seconds": 0.4}}


def what_counts(finished: Finished) -> dict[str, object]:
    """Of a report, what must not depend on how often the run was killed."""
    load = finished.report["loads"]["profiles"]
    return {name: load[name] for name in ("rows", "sent", "reject_reasons", "changes")} | {
        "status": finished.report["status"],
        "exit_code": finished.report["exit_code"],
    }


def test_killed_at_random_moments_and_resumed_nothing_differs(tmp_path: Path) -> None:
    spec = write_spec(tmp_path / "spec.yaml", write_csv(make_customers(ROWS), tmp_path / "customers.csv"))
    with slow_emulator() as api:
        before = len(api.requests())
        untouched = CommandLine(tmp_path, api.url).run("run", spec, state_dir="untouched")
        requests = len(api.requests()) - before
        expected_profiles = api.profiles()
    assert untouched.exit_code == 1, untouched.stderr

    seed = 20_261_121
    random = Random(seed)
    moments: list[str] = []
    for number in range(KILLS):
        moment = Moment(random.randrange(requests), random.uniform(0.0, 0.4))
        with slow_emulator() as api:
            command = CommandLine(tmp_path, api.url)
            state_dir = f"killed-{number}"
            process = command.start("run", spec, "--no-prefect", state_dir=state_dir)
            was_killed = moment.kill(process, api)
            moments.append(f"{moment}{'' if was_killed else ' (too late)'}")
            finished = finish(command, spec, state_dir)
            assert what_counts(finished) == what_counts(untouched), f"killed {moment}"
            assert api.profiles() == expected_profiles, f"killed {moment}"
    print(f"seed {seed}; killed {', '.join(moments)}")  # noqa: T201
    assert any("late" not in moment for moment in moments)


@dataclass(frozen=True)
class Moment:
    """So many seconds after so many requests of a run."""

    requests: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.3f} s after request {self.requests}"

    def kill(self, process: subprocess.Popen[str], api: Api) -> bool:
        """Kill a command then; False when it was done before."""
        began = len(api.requests())
        while len(api.requests()) - began < self.requests and process.poll() is None:
            time.sleep(0.02)
        return kill_after(process, self.seconds)


@contextmanager
def slow_emulator() -> Iterator[Api]:
    """A fresh emulator that takes its time, so that there are moments to be killed in."""
    with serving(delay_seconds=(0.0, 0.3), validator=None) as api:
        api.set_faults(SLOW_BULK)
        yield api


def finish(command: CommandLine, spec: Path, state_dir: str) -> Finished:
    """Resume a run that was killed; one that had not begun is run, one that was done is read."""
    reports = list((command.folder / state_dir).glob("runs/*/report.json"))
    if reports:
        report = reports[0].read_text()
        return Finished(json.loads(report)["exit_code"], report, "")
    if not list((command.folder / state_dir).glob("runs/*")):
        return command.run("run", spec, state_dir=state_dir)
    return command.run("resume", state_dir=state_dir)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_a_signal_stops_cleanly_and_the_printed_command_resumes(
    api: Api, command: CommandLine, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    spec = write_spec(tmp_path / "spec.yaml", write_csv(make_customers(3_000), tmp_path / "customers.csv"))
    api.set_faults({"when": {"path": "*/Profiles/Bulk"}, "do": {"delay_seconds": 1.0, "late_seconds": LATE}})
    process = command.start("run", spec, "--no-prefect", "--output", "json")
    while not any(request["path"].endswith("/Bulk") for request in api.requests()):
        time.sleep(0.05)
    process.send_signal(number)
    stopped = wait(process)
    assert stopped.exit_code == code, stopped.stderr
    rows = stopped.report["loads"]["profiles"]["rows"]
    assert sum(count for outcome, count in rows.items() if outcome != "read") == rows["read"] == 3_000
    assert rows["pending"] > 0
    assert "Traceback" not in stopped.stderr
    program, *arguments = stopped.report["resume_command"].split()
    assert program == "memory-import"
    assert arguments[:2] == ["resume", stopped.report["run_id"]]
    api.set_faults()
    api.advance(LATE)
    resumed = command.run(*arguments[:2])
    assert resumed.exit_code == 1
    assert resumed.report["loads"]["profiles"]["rows"]["pending"] == 0


def test_a_signal_while_the_store_says_nothing_stops_long_before_it_speaks(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    spec = write_spec(tmp_path / "spec.yaml", write_csv(make_customers(10), tmp_path / "customers.csv"))
    api.set_faults({"when": {"path": "/v1/ControlPlane/*"}, "do": {"delay_seconds": 10 * LONGEST_SECONDS}})
    seen = len(api.requests())
    process = command.start("run", spec, "--no-prefect", "--output", "json")
    while len(api.requests()) == seen:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    stopped = wait(process, LONGEST_SECONDS)
    assert (stopped.exit_code, stopped.report["status"]) == (143, "stopped"), stopped.stderr


def test_a_signal_while_a_verify_reads_ends_it_in_time_and_nothing_is_misjudged(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    customers = make_customers(30, repeats=0.0, bad=0.0)
    spec = write_spec(tmp_path / "spec.yaml", write_csv(customers, tmp_path / "customers.csv"))
    assert command.run("run", spec).exit_code == 0
    lookup = {"method": "POST", "path": "*/Lookup"}
    api.set_faults({"when": {**lookup, "from": 8}, "do": {"delay_seconds": 10 * LONGEST_SECONDS}})
    seen = len(api.requests())
    process = command.start("verify", "--no-prefect", "--output", "json")
    while sum(request["path"].endswith("/Lookup") for request in api.requests()[seen:]) < 12:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    stopped = wait(process, UNANSWERED_SECONDS)
    assert stopped.exit_code == 143, stopped.stderr
    assert "Traceback" not in stopped.stderr
    (report,) = (tmp_path / "state" / "runs").glob("*/report.json")
    kept = json.loads(report.read_text())["loads"]["profiles"]["verification"]
    assert (kept["wrong"], kept["read"]) == (0, kept["equal"])
    api.set_faults()
    verified = command.run("verify")
    assert verified.exit_code == 0, verified.stderr
    assert verified.report["loads"]["profiles"]["equal"] == len(customers)
    assert command.run("run", spec).report["loads"]["profiles"]["rows"]["unchanged"] == len(customers)


def test_a_second_run_beside_the_first_is_refused_and_told_who_holds_it(
    api: Api, command: CommandLine, tmp_path: Path
) -> None:
    spec = write_spec(
        tmp_path / "spec.yaml", write_csv(make_customers(10, bad=0.0), tmp_path / "customers.csv")
    )
    api.set_faults({"when": {"path": "*/Profiles/Bulk"}, "do": {"late_seconds": LATE}})
    first = command.start("run", spec, "--no-prefect", "--output", "json")
    while not any(request["path"].endswith("/Bulk") for request in api.requests()):
        time.sleep(0.05)
    second = command.run("run", spec)
    assert second.exit_code == 2
    assert "is in use by a run of spec.yaml" in second.stderr
    assert str(first.pid) in second.stderr
    first.send_signal(signal.SIGTERM)
    assert wait(first).exit_code == 143
