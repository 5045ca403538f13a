"""From the bytes of a file to its text as UTF-8: decompressed, transcoded, without byte order mark.

The text is UTF-8 but for what is no text in the file's encoding: that comes out as bytes that are never valid
UTF-8, so that one test finds it, and from which `to_original` makes the bytes that were there.
"""

import codecs
import re
from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa

from memory_import.sources.compression import Peekable, decompressed
from memory_import.sources.errors import SourceError, one_line
from memory_import.sources.options import usual_name
from memory_import.sources.remote import ByteStream

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_MARK_OF = {encoding: mark for mark, encoding in _BYTE_ORDER_MARKS.items()}
_NEED_MARK = ("utf-16", "utf-32")
_UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_LEAST_NUL_SHARE = 0.04
_LINE_END = re.compile(r"[\r\n]")
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_INVALID_UTF8 = b"\xff"
_HEAD_BYTES = 4
_SAMPLE_BYTES = 1 << 12

_Result = TypeVar("_Result")


class Utf8Stream:
    """The text of one file as UTF-8 bytes; `encoding` is the one it was found to have, `has_mark` whether a
    byte order mark said so.

    Compression is recognised by content, and so are UTF-8, UTF-16 and UTF-32 with a byte order mark; anything
    else is read as `encoding`, one that `canonical_encoding` gives. Raises SourceError for a file that breaks
    off or cannot be read, and at its end for one that was declared something else and is UTF-8.
    """

    def __init__(self, stream: ByteStream, name: str, encoding: str) -> None:
        self._name = name
        self._stream = Peekable(stream)
        self._is_finished = False
        try:
            self._stream = self._guarded(lambda: decompressed(self._stream))
            self.encoding, self.has_mark = self._recognise_encoding(encoding)
        except BaseException:
            self.close()
            raise
        self._transcode = transcoder(self.encoding)
        self._is_mistaken = _Utf8Test() if not self.encoding.startswith("utf") else None

    def read(self, size: int, /) -> bytes:
        """At least `size` bytes unless the file ends before; b"" at its end."""
        parts: list[bytes] = []
        missing = size
        while missing > 0 and not self._is_finished:
            block = self._guarded(lambda: self._stream.read(missing))  # noqa: B023 - called at once
            self._is_finished = not block
            if self._is_mistaken is not None:
                self._check_encoding(block)
            parts.append(self._transcode(block, self._is_finished))
            missing -= len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()

    def _guarded(self, read: Callable[[], _Result]) -> _Result:
        try:
            return read()
        except (OSError, pa.ArrowException) as error:
            raise SourceError(
                f"{self._name}: found a file that breaks off or is damaged ({one_line(error)}), "
                "expected a complete one; copy or export it again"
            ) from None

    def _recognise_encoding(self, encoding: str) -> tuple[str, bool]:
        head = self._guarded(lambda: self._stream.peek(_HEAD_BYTES))
        for mark, marked_encoding in _BYTE_ORDER_MARKS.items():
            if head.startswith(mark):
                self._stream.read(len(mark))
                return marked_encoding, True
        if encoding in _NEED_MARK and head:
            raise SourceError(
                f"{self._name}: found no byte order mark, expected one at the start of a file whose encoding "
                f"is {encoding}; set the source's encoding to {encoding}-le or {encoding}-be"
            )
        if not encoding.startswith(_NEED_MARK):
            self._refuse_unmarked(self._guarded(lambda: self._stream.peek(_SAMPLE_BYTES)))
        return encoding, False

    def _refuse_unmarked(self, sample: bytes) -> None:
        found = unmarked_encoding(sample)
        if found is not None:
            raise SourceError(
                f"{self._name}: found {found.upper()} text without a byte order mark, expected "
                f"text in the source's encoding; set the source's encoding to {found}"
            )

    def _check_encoding(self, block: bytes) -> None:
        assert self._is_mistaken is not None  # noqa: S101 - its caller has looked
        self._is_mistaken.add(block, is_last=self._is_finished)
        if self._is_finished and self._is_mistaken.holds:
            raise SourceError(
                f"{self._name}: found UTF-8 text, expected {usual_name(self.encoding)} as the source's "
                "encoding says; set the source's encoding to utf-8"
            )


def unmarked_encoding(sample: bytes) -> str | None:
    """utf-16-le or -be (or utf-32) where a sample is such text: its NUL bytes belong to plain characters."""
    nul_bytes = sample.count(b"\0")
    if nul_bytes < _LEAST_NUL_SHARE * len(sample) or len(sample) < _HEAD_BYTES:
        return None
    plain = {encoding: _count_plain(sample, encoding) for encoding in _UNMARKED}
    best = max(_UNMARKED, key=lambda encoding: plain[encoding])
    return best if plain[best] else None


def _count_plain(sample: bytes, encoding: str) -> int:
    """How many characters of ASCII a sample in an encoding holds; 0 where it is no text with a line end."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return 0
    is_text = _LINE_END.search(text) and not _NO_TEXT.search(text)
    return sum(map(str.isascii, text)) if is_text else 0


def transcoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    """A function (block, is it the last) -> the block as UTF-8, see above."""
    if encoding == "utf-8":
        return lambda block, _is_last: block
    decoder = codecs.getincrementaldecoder(encoding)(_errors(encoding))

    def transcode(block: bytes, is_last: bool) -> bytes:
        try:
            return decoder.decode(block, is_last).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # half a character at the very end, or what no error handler mends
            decoder.reset()
            return _INVALID_UTF8

    return transcode


def to_original(text: bytes, encoding: str) -> bytes:
    """What `transcoder` gave, in the encoding of the file again, without a mark."""
    if encoding == "utf-8":
        return text
    parts: list[bytes] = []
    rest = text.replace(_INVALID_UTF8, b"").decode("utf-8", "surrogatepass")
    while rest:
        try:
            parts.append(rest.encode(encoding, _errors(encoding)))
            break
        except UnicodeEncodeError as error:  # a control byte that a codec of Japan or Korea reads, not writes
            parts.append(rest[: error.start].encode(encoding, _errors(encoding)))
            parts.append(rest[error.start : error.end].encode("latin-1", "backslashreplace"))
            rest = rest[error.end :]
    return b"".join(parts)


def byte_order_mark(encoding: str) -> bytes:
    """The mark of an encoding that has one."""
    return _MARK_OF.get(encoding, b"")


def _errors(encoding: str) -> str:
    """How what is no text is told: as lone surrogates, each of which stands for a byte or for itself."""
    return "surrogatepass" if encoding.startswith(_NEED_MARK) else "surrogateescape"


class _Utf8Test:
    """Whether bytes are valid UTF-8 with at least one character beyond ASCII."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_valid = True
        self._has_more = False

    @property
    def holds(self) -> bool:
        return self._is_valid and self._has_more

    def add(self, block: bytes, *, is_last: bool) -> None:
        if not self._is_valid or (block.isascii() and not is_last and not self._decoder.getstate()[0]):
            return
        self._has_more = self._has_more or not block.isascii()
        try:
            self._decoder.decode(block, is_last)
        except UnicodeDecodeError:
            self._is_valid = False
