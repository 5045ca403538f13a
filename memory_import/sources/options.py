"""How an input is to be read: the `source` part of a spec."""

import codecs
import re
from dataclasses import dataclass

from memory_import.sources.errors import SourceError

_READ_AS = {
    "ascii": "utf-8",
    "utf-8-sig": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
"""Encodings that are read as a larger one, as browsers do: where they have control characters or nothing,
files of these names hold the characters of Windows."""

_OF_WINDOWS = re.compile(r"cp(125[0-8])")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """What to read and how.

    `path` is a file, a glob, a directory or a URL; a relative local path counts from the working directory.
    `delimiter` None means: found out from the head of each file, among comma, semicolon, tab and pipe.
    `encoding` holds for CSV files without a byte order mark; a byte order mark (UTF-8, UTF-16, UTF-32) is
    believed first. `escape`: a character that takes the meaning from the one after it; None where quotes are
    doubled. `skip_rows`: lines before the header. `ignores_footer`: rows at the end of a CSV file that have
    fewer fields than the header are left out, not rejected.
    """

    path: str
    delimiter: str | None = None
    encoding: str = "utf-8"
    escape: str | None = None
    skip_rows: int = 0
    ignores_footer: bool = False


def check_options(options: SourceOptions) -> None:
    """Raises SourceError when the delimiter, the escape or the encoding is one that cannot be read."""
    canonical_encoding(options.encoding)
    for name, character in (("delimiter", options.delimiter), ("escape", options.escape)):
        if character is not None and (
            len(character) != 1 or not character.isascii() or character in '"\r\n\0'
        ):
            raise SourceError(
                f"found the {name} {character!r}, expected one ASCII character, not a quote or line end; "
                f"correct the source's {name}"
            )


def canonical_encoding(encoding: str) -> str:
    """The name of the codec that reads `encoding`; SourceError if Python knows none for text."""
    try:
        codec = codecs.lookup(encoding)
        name = _READ_AS.get(codec.name, codec.name)
        is_text = codec._is_text_encoding and codec.incrementaldecoder is not None
        is_text = is_text and isinstance(codec.incrementaldecoder("surrogateescape").decode(b"", True), str)
    except (LookupError, ValueError):
        is_text = False
    if not is_text:
        raise SourceError(
            f"found the encoding {encoding!r}, expected one that Python knows, such as utf-8, utf-16, "
            "windows-1252, mac-roman or shift_jis; correct the source's encoding or convert the file"
        )
    return name


def usual_name(codec: str) -> str:
    """What people call an encoding that Python has a name of its own for."""
    return _OF_WINDOWS.sub(r"windows-\1", codec.replace("_", "-"))
