"""ZIP archives: the readable files in them, copied out."""

import re
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from memory_import.sources.errors import SourceError, one_line
from memory_import.sources.files import InputFile, copy_stream
from memory_import.sources.locations import NotRead, reason_to_skip

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_DOCUMENTS = {
    "xl/": "an Excel workbook",
    "word/": "a Word document",
    "ppt/": "a PowerPoint presentation",
    "mimetype": "an OpenDocument or EPUB file",
}
_ENCRYPTED = 0x1
_NESTED = re.compile(r"\.zip$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of an archive that are read, as copies; those that are not; the archive's own SHA-256."""

    members: tuple[InputFile, ...]
    not_read: tuple[NotRead, ...]
    sha256: str


def is_archive(head: bytes) -> bool:
    """Whether a file that begins like this is a ZIP archive."""
    return head.startswith(_MAGIC)


def unpack(file: InputFile, folder: Path) -> Archive:
    """Copies what can be read in an archive to `folder`, under the names ARCHIVE/MEMBER.

    SourceError for an office document, which is named, and for an archive that is damaged or encrypted or
    holds nothing that can be read; InputChanged when it changes meanwhile.
    """
    with closing(file.open()) as stream:
        sha256 = stream.finish()
    try:
        with file.path.open("rb") as stored, zipfile.ZipFile(stored) as archive:
            members, not_read = _copy_members(archive, file, folder)
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, zlib.error) as error:
        raise SourceError(
            f"{file.name}: found a ZIP archive that breaks off or is damaged ({one_line(error)}), "
            "expected a complete one; copy or export it again"
        ) from None
    file.check_unchanged()
    if not members:
        raise SourceError(
            f"{file.name}: found a ZIP archive without a file that is read, expected a .csv, .tsv, .txt or "
            ".parquet file in it; unpack it and give the file itself"
        )
    return Archive(tuple(members), tuple(not_read), sha256)


def _copy_members(
    archive: zipfile.ZipFile, file: InputFile, folder: Path
) -> tuple[list[InputFile], list[NotRead]]:
    entries = sorted((entry for entry in archive.infolist() if not entry.is_dir()), key=lambda e: e.filename)
    _refuse_document([entry.filename for entry in entries], file.name)
    members, not_read = [], []
    for entry in entries:
        name = f"{file.name}/{entry.filename}"
        reason = reason_to_skip(entry.filename)
        if reason is None and _NESTED.search(entry.filename):
            reason = "it is an archive within an archive"
        if reason is not None:
            not_read.append(NotRead(name, reason))
            continue
        if entry.flag_bits & _ENCRYPTED:
            raise SourceError(
                f"{name}: found an encrypted file, expected one that can be read; unpack it, or export the "
                "archive without a password"
            )
        with archive.open(entry) as member:
            members.append(copy_stream(cast(BinaryIO, member), name, folder))
    return members, not_read


def _refuse_document(names: list[str], file: str) -> None:
    if "[Content_Types].xml" not in names and "mimetype" not in names:
        return
    kind = next(
        (kind for part, kind in _DOCUMENTS.items() if any(name.startswith(part) for name in names)),
        "an office document",
    )
    raise SourceError(
        f"{file}: found {kind}, expected CSV text or a Parquet file; save the sheet as CSV UTF-8"
    )
