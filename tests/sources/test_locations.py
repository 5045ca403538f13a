"""Remote inputs, served by a small server of the standard library on this machine."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from memory_import.sources.tabular import SourceError, SourceOptions, open_source

BODIES = {
    "/a.csv": b'id,note\r\n1,"two\r\nlines"\r\nbad\r\n',
    "/a.csv.gz": gzip.compress(b"id,note\n1,x\n"),
    "/empty.csv": b"",
    "/once.csv": b"id\n1\n",
}
RANGES = {"/whole.csv": "bytes 0-4/5", "/part.csv": "bytes 0-4/9"}


class _Files(BaseHTTPRequestHandler):
    """Serves BODIES and a Parquet file; `/once.csv` once, `/short.csv`, `/broken.csv` in part."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = self.server.parquet if path == "/p.parquet" else BODIES.get(path)
        if path == "/broken.csv":
            self.answer(200, b"7\r\nid\n1\n2\n\r\n9\r\nbroken", {"Transfer-Encoding": "chunked"})
        elif path == "/around.csv":
            self.answer(302, b"", {"Content-Length": "0", "Location": "/around.csv"})
        elif path == "/odd.csv":
            self.answer(200, b"id,note\n1,x\n", {"Content-Length": "twelve"})
        elif path == "/short.csv":
            self.answer(200, b"id,note\n1,x\n", {"Content-Length": "112"})
        elif path in RANGES:
            self.answer(206, b"id\n1\n", {"Content-Length": "5", "Content-Range": RANGES[path]})
        elif body is None or (path, path) in self.server.served:
            self.answer(403, b"", {"Content-Length": "0"})
        else:
            self.answer(200, body, {"Content-Length": str(len(body))})
            self.server.served.add((path, path) if path == "/once.csv" else path)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test run quiet."""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("served") / "p.parquet"
    pl.DataFrame({"n": [1, 2]}).write_parquet(path)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as httpd:
        httpd.parquet = path.read_bytes()
        httpd.served = set()
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_csv_is_read_from_an_address(server, read):
    reading = read(f"{server}/a.csv")
    assert reading.rows == [(1, "1", "two\r\nlines")]
    assert [reject[:2] for reject in reading.rejects] == [(2, "ragged_row")]


def test_a_part_that_is_the_whole_is_read(server, read):
    assert read(f"{server}/whole.csv").rows == [(1, "1")]


def test_a_length_that_is_no_number_says_nothing(server, read):
    assert read(f"{server}/odd.csv").rows == [(1, "1", "x")]


def test_compressed_csv_is_read_from_an_address(server, read):
    assert read(f"{server}/a.csv.gz").rows == [(1, "1", "x")]


def test_parquet_is_read_from_an_address(server, read):
    assert read(f"{server}/p.parquet").rows == [(1, "1"), (2, "2")]


def test_an_address_has_a_fingerprint_of_its_body(server, read):
    reading = read(f"{server}/a.csv")
    assert reading.source.fingerprint() == read(f"{server}/a.csv").source.fingerprint()
    assert reading.source.fingerprint().total_bytes == len(BODIES["/a.csv"])


def test_a_body_is_copied_once_and_a_whole_copy_is_used_again(server, tmp_path):
    options = SourceOptions(path=f"{server}/once.csv")
    first = open_source(options, tmp_path)
    assert [batch.rows["id"].to_list() for batch in first.batches()] == [["1"]]
    again = open_source(options, tmp_path)  # the server would deny it by now
    assert again.fingerprint() == first.fingerprint()


def test_a_signature_in_an_address_is_not_shown(server, tmp_path):
    source = open_source(SourceOptions(path=f"{server}/a.csv?signature=secret"), tmp_path / "copies")
    assert source.files == (f"{server}/a.csv",)


REFUSED = {
    "status": ("/none.csv", "found HTTP status 403"),
    "empty": ("/empty.csv", "found an empty file"),
    "cut short": ("/short.csv", "ends 100 bytes early"),
    "a chunk that breaks off": ("/broken.csv", "found a body that breaks off, expected all of it"),
    "a redirect to itself": ("/around.csv", "found HTTP status 302"),
    "a part": ("/part.csv", "found HTTP status 206"),
}


@pytest.mark.parametrize(("path", "message"), REFUSED.values(), ids=REFUSED)
def test_a_bad_answer_is_one_line_of_explanation(server, tmp_path, path, message):
    with pytest.raises(SourceError, match=message) as caught:
        open_source(SourceOptions(path=f"{server}{path}?signature=secret"), tmp_path / "copies")
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
def test_an_address_that_cannot_be_reached_is_one_line_of_explanation(tmp_path, address, message):
    with pytest.raises(SourceError, match=message) as caught:
        open_source(SourceOptions(path=address), tmp_path / "copies")
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


def test_a_folder_in_a_store_is_read_and_what_is_passed_over_is_named(stored, tmp_path, read):
    (tmp_path / "deep/_SUCCESS").write_text("")
    reading = read(f"{stored}/deep/")
    assert reading.source.files == (f"{stored}/deep/a-3.csv",)
    assert [file.name for file in reading.source.not_read] == [f"{stored}/deep/_SUCCESS"]


def test_parquet_is_read_from_a_store(stored, read):
    assert read(f"{stored}/p.parquet").rows == [(1, "1")]


@pytest.mark.parametrize("name", ["none.csv", "none-*.csv", "none.parquet", "none/*.csv"])
def test_what_a_store_does_not_have_is_one_line_of_explanation(stored, tmp_path, name):
    with pytest.raises(SourceError, match="expected") as caught:
        open_source(SourceOptions(path=f"{stored}/{name}"), tmp_path / "copies")
    assert "\n" not in str(caught.value)
