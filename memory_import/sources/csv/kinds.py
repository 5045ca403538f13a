"""What a file that is no CSV is, by the bytes it begins with: called by its name, and by what helps."""

import re

_AS_DATA = "export it as CSV or Parquet"
_AT_SOURCE = "check the address and who may read it"

_BINARY = {
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save the sheet as CSV UTF-8"),
    b"%PDF": ("a PDF", _AS_DATA),
    b"SQLite format 3": ("an SQLite database", _AS_DATA),
    b"PAR1": ("Parquet data that breaks off", "copy or export it again"),
    b"PARE": ("encrypted Parquet data", "export it without encryption"),
    b"ARROW1": ("Arrow data", _AS_DATA),
    b"Obj\x01": ("Avro data", _AS_DATA),
    b"ORC": ("ORC data", _AS_DATA),
    b"\x89HDF": ("HDF data", _AS_DATA),
    b"7z\xbc\xaf": ("a 7-Zip archive", "unpack it"),
    b"Rar!": ("a RAR archive", "unpack it"),
    b"\xfd7zXZ": ("an XZ archive", "unpack it, or compress it with gzip or zstd"),
    b"\x1f\x9d": ("a file of compress", "unpack it, or compress it with gzip or zstd"),
    b"\x1f\x8b": ("a file that was compressed twice", "unpack it once"),
    b"BZh": ("a file that was compressed twice", "unpack it once"),
    b"PK\x03\x04": ("a ZIP archive within a compressed file", "unpack it once"),
    b"version https://git-lfs.github.com/": ("a Git LFS pointer, not the file itself", "run git lfs pull"),
}
_TAR = slice(257, 262)
_JSON_LINES = re.compile(rb'\s*\{\s*"[^"\r\n]*"\s*:[^\n]*\}\s*\n\s*\{\s*"')
_JSON = re.compile(rb'\s*(?:\{\s*(?:"[^"\r\n]*"\s*:|\}\s*$)|\[\s*(?:[\[{]|\]\s*$))')
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(
    rb"\s*<(?:\?xml\b|!doctype\b|([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>(?:\s*<[A-Za-z]|.*</\1\s*>\s*$))",
    re.IGNORECASE | re.DOTALL,
)
_ANSWER = f"{_AS_DATA}; if it is the answer of a server, {_AT_SOURCE}"
_TEXTS = {
    _JSON_LINES: ("JSON lines", _AS_DATA),
    _JSON: ("JSON", _ANSWER),
    _HTML: ("an HTML page", _ANSWER),
    _XML: ("XML", _ANSWER),
}


def recognise(sample: bytes) -> tuple[str, str] | None:
    """What a file that begins with `sample` is, and what to do; None where it may be CSV."""
    for magic, kind in _BINARY.items():
        if sample.startswith(magic):
            return kind
    if sample[_TAR] == b"ustar":
        return "a tar archive", "unpack it"
    return next((kind for pattern, kind in _TEXTS.items() if pattern.match(sample)), None)
