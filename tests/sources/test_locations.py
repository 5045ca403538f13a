"""Remote inputs, served by a small server of the standard library on this machine."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from memory_import.sources.fingerprint import fingerprint
from memory_import.sources.tabular import SourceError, SourceOptions, open_source

BODIES = {
    "/a.csv": b'id,note\r\n1,"two\r\nlines"\r\nbad\r\n',
    "/a.csv.gz": gzip.compress(b"id,note\n1,x\n"),
    "/empty.csv": b"",
}


class _Files(BaseHTTPRequestHandler):
    """Serves BODIES and a Parquet file; `/short.csv` promises more than it sends."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = self.server.parquet if path == "/p.parquet" else BODIES.get(path)
        if path == "/short.csv":
            body = b"id,note\n1,x\n"
        self.send_response(403 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"") + (100 if path == "/short.csv" else 0)))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test run quiet."""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("served") / "p.parquet"
    pl.DataFrame({"n": [1, 2]}).write_parquet(path)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as httpd:
        httpd.parquet = path.read_bytes()
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_csv_is_read_from_an_address(server, read):
    reading = read(f"{server}/a.csv")
    assert reading.rows == [(1, "1", "two\r\nlines")]
    assert [reject[:2] for reject in reading.rejects] == [(2, "ragged_row")]


def test_compressed_csv_is_read_from_an_address(server, read):
    assert read(f"{server}/a.csv.gz").rows == [(1, "1", "x")]


def test_parquet_is_read_from_an_address(server, read):
    assert read(f"{server}/p.parquet").rows == [(1, "1"), (2, "2")]


def test_an_address_has_a_fingerprint_of_its_body(server):
    options = SourceOptions(path=f"{server}/a.csv")
    assert fingerprint(options) == fingerprint(options)
    assert fingerprint(options).total_bytes == len(BODIES["/a.csv"])


def test_a_signature_in_an_address_is_not_shown(server):
    source = open_source(SourceOptions(path=f"{server}/a.csv?signature=secret"))
    assert source.files == (f"{server}/a.csv",)


REFUSED = {
    "status": ("/none.csv", "found HTTP status 403"),
    "empty": ("/empty.csv", "found an empty file"),
    "cut short": ("/short.csv", "ends 100 bytes early"),
}


@pytest.mark.parametrize(("path", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_answer_is_one_line_of_explanation(server, path, message):
    with pytest.raises(SourceError, match=message) as caught:
        open_source(SourceOptions(path=f"{server}{path}?signature=secret"))
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


ADDRESSES = {
    "nobody there": ("http://127.0.0.1:9/a.csv", "cannot be read"),
    "not encrypted": ("http://example.com/a.csv", "expected https://"),
    "no such port": ("https://example.com:99999/a.csv", "expected https://HOST/PATH"),
    "half a host": ("https://[::1/a.csv", "expected https://HOST/PATH"),
    "a space in the host": ("https://exa mple.com/a.csv", "expected https://HOST/PATH"),
    "unknown scheme": ("ftp://example.com/a.csv", "expected a path or a URL"),
    "azure without an account": ("az://container/a.csv", "abfss://"),
}


@pytest.mark.parametrize(("address", "message"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_that_cannot_be_reached_is_one_line_of_explanation(address, message):
    with pytest.raises(SourceError, match=message) as caught:
        open_source(SourceOptions(path=address))
    assert "\n" not in str(caught.value)


@pytest.fixture
def stored(tmp_path):
    for name in ("a-1.csv", "a-2.csv", "b.csv", "deep/a-3.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("id\n1\n")
    pl.DataFrame({"n": [1]}).write_parquet(tmp_path / "p.parquet")
    return tmp_path.as_uri()


GLOBS = {
    "star": ("a-*.csv", ("a-1.csv", "a-2.csv")),
    "question mark": ("a-?.csv", ("a-1.csv", "a-2.csv")),
    "set": ("[!b]*.csv", ("a-1.csv", "a-2.csv")),
    "any depth": ("**/a-[13].csv", ("a-1.csv", "deep/a-3.csv")),
}


@pytest.mark.parametrize(("pattern", "files"), GLOBS.values(), ids=GLOBS)
def test_a_glob_in_a_store_finds_its_files(stored, read, pattern, files):
    reading = read(f"{stored}/{pattern}")
    assert reading.source.files == files
    assert reading.accepted["_file"].to_list() == list(files)


def test_parquet_is_read_from_a_store(stored, read):
    assert read(f"{stored}/p.parquet").rows == [(1, "1")]


@pytest.mark.parametrize("name", ["none.csv", "none-*.csv", "none.parquet", "none/*.csv"])
def test_what_a_store_does_not_have_is_one_line_of_explanation(stored, name):
    with pytest.raises(SourceError, match="expected") as caught:
        open_source(SourceOptions(path=f"{stored}/{name}"))
    assert "\n" not in str(caught.value)
