"""Bytes that are compressed, as the bytes they stand for; the kind is recognised by content."""

import bz2
import zlib
from collections.abc import Callable
from typing import Protocol, cast

import pyarrow as pa

from memory_import.sources.remote import ByteStream

_READ_BYTES = 1 << 18
_GZIP, _BZIP2, _ZSTANDARD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"
HEAD_BYTES = 4


def decompressed(stream: "Peekable") -> "Peekable":
    """What a stream holds once decompressed; the stream itself where it is not compressed.

    While it is read, OSError and pyarrow's exceptions mean that it is damaged or breaks off.
    """
    head = stream.peek(HEAD_BYTES)
    if head.startswith(_GZIP):
        return Peekable(_Members(stream, _GZIP, lambda: cast(_Decompressor, zlib.decompressobj(wbits=31))))
    if head.startswith(_BZIP2) and head[3:4].isdigit():
        return Peekable(_Members(stream, _BZIP2, lambda: cast(_Decompressor, bz2.BZ2Decompressor())))
    if head.startswith(_ZSTANDARD):
        plain = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
        return Peekable(cast(ByteStream, plain))
    return stream


class Peekable:
    """A byte stream whose first bytes can be looked at before they are read."""

    closed = False  # pyarrow asks

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._head = b""

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, or as many as there are; `read` gives them again."""
        while len(self._head) < size and (block := self._stream.read(size - len(self._head))):
            self._head += block
        return self._head[:size]

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end."""
        if not self._head:
            return self._stream.read(size)
        block, self._head = self._head[:size], self._head[size:]
        return block

    def close(self) -> None:
        """Closes the stream."""
        self._stream.close()


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, /) -> bytes: ...


class _Members:
    """Compressed members one after the other; zero bytes behind the last one are padding, as for gzip."""

    def __init__(self, stream: Peekable, magic: bytes, begin: Callable[[], _Decompressor]) -> None:
        self._stream = stream
        self._magic = magic
        self._begin = begin
        self._member = begin()

    def read(self, _size: int, /) -> bytes:
        """Some bytes, however many come out of one block; b"" at the end."""
        while True:
            block = self._next_block()
            if not block:
                return b""
            plain = self._decompress(block)
            if plain:
                return plain

    def close(self) -> None:
        self._stream.close()

    def _next_block(self) -> bytes:
        """Compressed bytes of the present member, or of the next one; b"" at the end."""
        if not self._member.eof:
            block = self._stream.read(_READ_BYTES)
            if not block:
                raise OSError("it ends in the middle of compressed data")
            return block
        rest = self._member.unused_data or self._stream.read(_READ_BYTES)
        while rest and not rest.strip(b"\0"):
            rest = self._stream.read(_READ_BYTES)
        if not rest:
            return b""
        while len(rest) < len(self._magic) and (more := self._stream.read(_READ_BYTES)):
            rest += more
        if not rest.startswith(self._magic):
            raise OSError("other data follows the compressed data")
        self._member = self._begin()
        return rest

    def _decompress(self, block: bytes) -> bytes:
        try:
            return self._member.decompress(block)
        except (zlib.error, ValueError, EOFError) as error:
            raise OSError(str(error)) from None
