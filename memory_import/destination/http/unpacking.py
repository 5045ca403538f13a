"""Unpacks an answer while it comes, so that one which unfolds without end is noticed at once."""

import zlib

import httpx

from memory_import.destination.http.failures import AnswerTooLong
from memory_import.destination.limits import ANSWER_BYTES

_GZIP = zlib.MAX_WBITS | 16


class Unpacking:
    """The content of one answer, piece by piece; no more of it than an answer may have.

    `packing` is its Content-Encoding. Raises `httpx.DecodingError` for what is packed otherwise or breaks
    off, and `AnswerTooLong`.
    """

    def __init__(self, packing: str) -> None:
        self._packing = packing
        self._gzip = zlib.decompressobj(_GZIP)
        self._bytes_left = ANSWER_BYTES
        self._is_begun = False

    def take(self, piece: bytes) -> bytes:
        """What the next piece of the body holds."""
        if self._packing == "identity" or not piece:
            return piece
        if self._packing not in {"gzip", "x-gzip"}:
            raise httpx.DecodingError(f"the answer is packed as {self._packing!r}, which nobody asked for")
        self._is_begun = True
        try:
            content = self._gzip.decompress(piece, self._bytes_left + 1)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
        self._bytes_left -= len(content)
        if self._bytes_left < 0:
            raise AnswerTooLong
        return content

    def end(self) -> None:
        """There are no more pieces."""
        if self._is_begun and not self._gzip.eof:
            raise httpx.DecodingError("the packed answer breaks off")
