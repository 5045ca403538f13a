"""What a run reads is what it says it has read: fetched once, hashed meanwhile, refused where it changes."""

import hashlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from memory_import.errors import ExitCode
from memory_import.ledger.database.engine import open_database
from memory_import.ledger.database.ledger import Ledger
from memory_import.run.pipeline import RunResult
from memory_import.run.request import Action
from tests.support.workplace import HEADER, ROWS, Workplace, rows_of, write_customers, write_spec

CSV = "\n".join((HEADER, *ROWS)).encode() + b"\n"


class _Server(BaseHTTPRequestHandler):
    """Serves another body for every GET: the customers, with one more of them each time."""

    def do_GET(self) -> None:
        self.server.requests["GET", self.path] += 1
        body = self.body(next(self.server.numbers))
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.server.requests["HEAD", self.path] += 1
        self.send_response(200)
        self.end_headers()

    def body(self, number: int) -> bytes:
        rows = [*ROWS, *(f"Extra,,extra-{extra}@example.com,2024-01-01" for extra in range(number))]
        if self.path.endswith(".csv"):
            return "\n".join((HEADER, *rows)).encode() + b"\n"
        frame = pl.DataFrame([row.split(",") for row in rows], schema=HEADER.split(","), orient="row")
        return frame.write_parquet(path := self.server.folder / "body.parquet") or path.read_bytes()

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test run quiet."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as httpd:
        httpd.requests, httpd.bodies, httpd.numbers, httpd.folder = Counter(), [], itertools.count(), tmp_path
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def known_input(workplace: Workplace, result: RunResult) -> Any:
    ledger = Ledger(open_database(workplace.state_dir))
    try:
        return ledger.input(result.report["run_id"], "profiles")
    finally:
        ledger.close()


@pytest.mark.parametrize("name", ["crm.csv", "crm.parquet"])
def test_a_remote_file_is_fetched_once_and_what_is_imported_is_what_was_fingerprinted(
    tmp_path: Path, server: Any, name: str
) -> None:
    write_spec(tmp_path, source=f"http://127.0.0.1:{server.server_port}/{name}?signature=secret")
    workplace = Workplace(tmp_path)
    result = workplace.carry_out(workplace.request(action=Action.PLAN))
    assert rows_of(result)["read"] == 5
    assert server.requests["GET", f"/{name}?signature=secret"] == 1
    assert server.requests["HEAD", f"/{name}?signature=secret"] <= 1
    (body,) = server.bodies
    (file,) = known_input(workplace, result)["files"]
    assert (file["size"], file["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    (read,) = result.report["loads"]["profiles"]["files"]
    assert (read["rows"], read["bytes"]) == (5, len(body))


class Disturbed:
    """A performer that changes something once the store was checked and before anything is read."""

    def __init__(self, change: Any) -> None:
        self.change = change

    async def __call__(self, name: str, work: Any) -> Any:
        if name.startswith("read, prepare"):
            self.change()
        return await work()


CHANGES = {
    "more rows": lambda path: path.write_bytes(path.read_bytes() + b"Eve,,eve@example.com,\n"),
    "other content of the same size": lambda path: path.write_bytes(
        path.read_bytes().replace(b"Ada", b"Eve")
    ),
    "another file in its place": lambda path: (path.rename(path.with_name("old")), path.write_bytes(CSV)),
}


@pytest.mark.parametrize("name", ["customers.csv", "customers.parquet"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_local_file_that_changes_once_it_was_opened_ends_the_run(
    tmp_path: Path, name: str, change: Any
) -> None:
    path = write_customers(tmp_path)
    if name.endswith("parquet"):
        pl.read_csv(path, infer_schema=False).write_parquet(tmp_path / name)
    write_spec(tmp_path, source=name)
    workplace = Workplace(tmp_path)
    result = workplace.carry_out(
        workplace.request(action=Action.PLAN), Disturbed(lambda: change(tmp_path / name))
    )
    assert result.report["exit_code"] == ExitCode.CHANGED
    assert f"{name} changed while it was read" in str(result.problem)


def test_a_run_that_was_killed_while_it_read_goes_on_with_the_copy_it_has(
    tmp_path: Path, server: Any
) -> None:
    write_spec(tmp_path, source=f"http://127.0.0.1:{server.server_port}/crm.csv")
    workplace = Workplace(tmp_path)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workplace.carry_out(workplace.request(emulator=True), Disturbed(die))
    resumed = workplace.carry_out(workplace.resumption())
    assert rows_of(resumed)["read"] == 5
    assert server.requests["GET", "/crm.csv"] == 1
    assert not list(workplace.state_dir.glob("runs/*/inputs/*/*"))  # nothing needs the copy any more


def test_every_file_is_named_those_that_are_not_read_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "b.csv").mkdir(parents=True)
    write_customers(folder, name="a.csv")
    write_customers(folder / "b.csv", ROWS[0], name="part-00000.csv")
    for name in ("b.csv/_SUCCESS", "notes.ndjson", "a.csv.1"):
        (folder / name).write_text("")
    write_spec(tmp_path, source="export")
    workplace = Workplace(tmp_path)
    load = workplace.carry_out(workplace.request(action=Action.PLAN)).report["loads"]["profiles"]
    read = {file["name"]: file["rows"] for file in load["files"]}
    assert list(read.items()) == [
        ("a.csv", 5),
        ("b.csv/part-00000.csv", 1),
    ]
    assert load["files"][0]["bytes"] == (folder / "a.csv").stat().st_size
    assert load["files_not_read"] == [
        {"name": "a.csv.1", "reason": "its name is not that of a CSV or Parquet file"},
        {"name": "b.csv/_SUCCESS", "reason": "it is hidden: its name begins with '.' or '_'"},
        {"name": "notes.ndjson", "reason": "its name is not that of a CSV or Parquet file"},
    ]


@pytest.mark.parametrize("missing_columns", ["error", "blank"])
def test_a_column_may_be_missing_in_one_file_where_the_spec_says_so(
    tmp_path: Path, missing_columns: str
) -> None:
    write_customers(tmp_path, ROWS[0], name="1.csv")
    (tmp_path / "2.csv").write_text("Name,Email\nEve,eve@example.com\n")
    write_spec(tmp_path, source={"path": "*.csv", "missing_columns": missing_columns})
    workplace = Workplace(tmp_path)
    if missing_columns == "error":
        with pytest.raises(Exception, match=r"2\.csv has no column 'Phone'"):
            workplace.carry_out(workplace.request(action=Action.PLAN))
        return
    result = workplace.carry_out(workplace.request(action=Action.PLAN))
    assert rows_of(result) == {"read": 2, "planned": 2}
    assert result.report["loads"]["profiles"]["files"][1]["missing_columns"] == ["Phone", "Since"]


def test_a_footer_is_excluded_and_listed(tmp_path: Path) -> None:
    write_customers(tmp_path, *ROWS, "", ",,,", '"Grand Totals (5 records)"')
    write_spec(tmp_path, source={"path": "customers.csv", "footer": "ignore"})
    workplace = Workplace(tmp_path)
    result = workplace.carry_out(workplace.request(action=Action.PLAN))
    assert rows_of(result)["excluded"] == 2
    outcomes = pl.read_parquet(Path(result.folder) / "outcomes.parquet")
    assert outcomes.filter(outcome="excluded").select("_row", "_error_code").rows() == [
        (6, "empty_row"),
        (7, "footer"),
    ]
    assert json.loads((Path(result.folder) / "report.json").read_text())["exit_code"] == ExitCode.REJECTS
