"""From the bytes of a file to its text as UTF-8: decompressed, transcoded, without byte order mark."""

import codecs
from collections.abc import Callable
from typing import cast

import pyarrow as pa

from memory_import.sources.errors import SourceError, one_line
from memory_import.sources.locations import Location
from memory_import.sources.remote import ByteStream

_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_INVALID_UTF8 = b"\xff"
_HEAD_BYTES = 4


class Utf8Stream:
    """The text of one file as UTF-8 bytes; `encoding` is the one it was found to have.

    What is not valid in the file's encoding comes out as bytes that are not valid UTF-8, so that one test
    finds it. Compression is recognised by content, and so are UTF-8 and UTF-16 with a byte order mark;
    anything else is read as `encoding` (one of `options.ENCODINGS`). Raises SourceError for a file that
    breaks off or cannot be read.
    """

    def __init__(self, location: Location, encoding: str) -> None:
        self._name = location.name
        self._stream = _Peekable(location.open())
        try:
            self._decompress()
            self.encoding = self._recognise_encoding(encoding)
        except BaseException:
            self.close()
            raise
        self._transcode = _transcoder(self.encoding)
        self._is_finished = False

    def read(self, size: int, /) -> bytes:
        """At least `size` bytes unless the file ends before; b"" at its end."""
        parts: list[bytes] = []
        missing = size
        while missing > 0 and not self._is_finished:
            block = self._read_raw(missing)
            self._is_finished = not block
            parts.append(self._transcode(block, self._is_finished))
            missing -= len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()

    def _read_raw(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def _peek(self) -> bytes:
        try:
            return self._stream.peek(_HEAD_BYTES)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def _decompress(self) -> None:
        for magic, codec in _COMPRESSIONS.items():
            if self._peek().startswith(magic):
                plain = pa.CompressedInputStream(pa.PythonFile(self._stream, mode="r"), codec)
                self._stream = _Peekable(cast(ByteStream, plain))
                return

    def _recognise_encoding(self, encoding: str) -> str:
        head = self._peek()
        if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
            raise SourceError(
                f"{self._name}: found UTF-32, expected UTF-8, UTF-16, windows-1252 or latin-1; convert it"
            )
        for mark, marked_encoding in _BYTE_ORDER_MARKS.items():
            if head.startswith(mark):
                self._stream.read(len(mark))
                return marked_encoding
        if encoding == "utf-16" and head:
            raise SourceError(
                f"{self._name}: found no byte order mark, expected one at the start of a UTF-16 file; "
                "save it with one"
            )
        return encoding

    def _damaged(self, error: BaseException) -> SourceError:
        return SourceError(
            f"{self._name}: found a file that breaks off or is damaged ({one_line(error)}), "
            "expected a complete one; copy or export it again"
        )


class _Peekable:
    """A byte stream whose first bytes can be looked at before they are read."""

    closed = False  # pyarrow asks

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._head = b""

    def peek(self, size: int) -> bytes:
        while len(self._head) < size and (block := self._stream.read(size - len(self._head))):
            self._head += block
        return self._head

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._stream.read(size)
        block, self._head = self._head[:size], self._head[size:]
        return block

    def close(self) -> None:
        self._stream.close()


def _transcoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    """A function (block, is it the last) -> the block as UTF-8."""
    if encoding in ("utf-8", "utf-16"):
        return lambda block, _is_last: block
    # Both handlers write what is undecodable as a lone surrogate or continuation byte: never valid UTF-8.
    errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)

    def transcode(block: bytes, is_last: bool) -> bytes:
        try:
            return decoder.decode(block, is_last).encode("utf-8", errors)
        except UnicodeDecodeError:  # half a character at the very end
            return _INVALID_UTF8

    return transcode
