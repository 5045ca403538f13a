"""How an input is to be read: the `source` part of a spec."""

import codecs
from dataclasses import dataclass

from memory_import.sources.errors import SourceError

ENCODINGS = ("utf-8", "utf-16", "cp1252", "iso8859-1")
"""The encodings a CSV file may have, by the names Python's codec registry gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What to read and how.

    `path` is a file, a glob, a directory or a URL; a relative local path counts from the working directory.
    `delimiter` None means: found out from the head of each file, among comma, semicolon, tab and pipe.
    `encoding` holds for CSV files without a byte order mark; a byte order mark (UTF-8, UTF-16) is believed
    first.
    """

    path: str
    delimiter: str | None = None
    encoding: str = "utf-8"


def check_options(options: SourceOptions) -> None:
    """Raises SourceError when the delimiter or the encoding is one that cannot be read."""
    canonical_encoding(options.encoding)
    delimiter = options.delimiter
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'):
        raise SourceError(
            f"found the delimiter {delimiter!r}, expected one ASCII character, not a quote or line end; "
            "correct the source's delimiter"
        )


def canonical_encoding(encoding: str) -> str:
    """The name of `ENCODINGS` that `encoding` is another spelling of; SourceError if there is none."""
    try:
        name = codecs.lookup(encoding).name.removesuffix("-sig")
    except LookupError:
        name = ""
    if name not in ENCODINGS:
        raise SourceError(
            f"found the encoding {encoding!r}, expected utf-8, utf-16, windows-1252 or latin-1; "
            "correct the source's encoding or convert the file"
        )
    return name
