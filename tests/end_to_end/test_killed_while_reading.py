"""Killed while an input is read: what comes next goes on, and everybody is in the store once."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from tests.support.processes import COLUMNS, Api, CommandLine, Finished, make_customers, write_csv, write_spec

KILLS = int(os.environ.get("READING_KILLS", "1"))  # see `make soak`
ROWS = 3_000
PIECES = 20
STAGED_SHARE = 4
"""The copy of a Parquet file and its staged rows take about that much of its size."""


def go_on(command: CommandLine, spec: Path, how: str) -> Finished:
    """What a person types next: the run again, or `resume`, which may find that nothing had begun."""
    finished = command.run(how, *([spec] if how == "run" else []))
    return finished if finished.report["loads"] else command.run("run", spec)


def check_all_are_there(finished: Finished, api: Api) -> None:
    assert finished.exit_code == 0, finished.stderr
    rows = finished.report["loads"]["profiles"]["rows"]
    assert rows["read"] == rows["completed"] + rows["unchanged"] == ROWS
    emails = [profile["traits"]["Contact"]["email"] for profile in api.profiles()]
    assert sorted(emails) == sorted(f"person{number}@example.com" for number in range(ROWS))


@contextmanager
def sending(body: bytes, each: Callable[[int], None]) -> Iterator[str]:
    """A server of one file, which it sends in pieces; `each` is called with the number of those sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            size = -(-len(body) // PIECES)
            try:
                for number in range(PIECES):
                    self.wfile.write(body[number * size : (number + 1) * size])
                    each(number + 1)
            except OSError:  # nobody is there any more
                pass

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/customers.csv"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("kill", range(KILLS))
def test_killed_while_a_remote_file_is_fetched(
    tmp_path: Path, api: Api, command: CommandLine, kill: int
) -> None:
    source = write_csv(make_customers(ROWS, repeats=0, bad=0), tmp_path / "customers.csv")
    last = 1 + kill * (PIECES - 1) // max(1, KILLS - 1) if KILLS > 1 else PIECES // 2
    running: list[subprocess.Popen[str]] = []

    def stop(number: int) -> None:
        if number == last and running:
            running.pop().send_signal(signal.SIGKILL)

    with sending(source.read_bytes(), stop) as address:
        spec = write_spec(tmp_path / "spec.yaml", address)
        process = command.start("run", spec, "--no-prefect")
        running.append(process)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        check_all_are_there(go_on(command, spec, ("run", "resume")[kill % 2]), api)


@pytest.mark.parametrize("kill", range(KILLS))
def test_killed_while_a_parquet_file_is_read(
    tmp_path: Path, api: Api, command: CommandLine, kill: int
) -> None:
    source = tmp_path / "customers.parquet"
    rows = make_customers(ROWS, repeats=0, bad=0)
    pl.DataFrame(rows, schema=list(COLUMNS), orient="row").write_parquet(source, row_group_size=500)
    spec = write_spec(tmp_path / "spec.yaml", source)
    enough = source.stat().st_size * STAGED_SHARE * (kill + 1) / (KILLS + 1)

    process = command.start("run", spec, "--no-prefect")
    while process.poll() is None and _size(tmp_path / "state") < enough:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    check_all_are_there(go_on(command, spec, ("resume", "run")[kill % 2]), api)


def _size(folder: Path) -> int:
    """The bytes of what is copied and staged so far; files come and go meanwhile."""
    total = 0
    for path in folder.glob("runs/*/**/*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
