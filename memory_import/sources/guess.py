"""Which encoding bytes read well in that are no text in the one they were said to have."""

from memory_import.sources.options import usual_name

_SAMPLE_BYTES = 1 << 16


def propose_encoding(sample: bytes) -> str | None:
    """The encoding to set in the spec; None where none reads well.

    Of encodings that read equally well, windows-1252 is the one that files have.
    """
    from charset_normalizer import from_bytes  # slow to import, and seldom needed

    matches = from_bytes(sample[:_SAMPLE_BYTES])
    best = matches.best()
    if best is None or best.encoding in ("utf_8", "ascii"):
        return None
    equal = [match for match in matches if match.chaos <= best.chaos]
    names = {name for match in equal for name in (match.encoding, *match.could_be_from_charset)}
    found = "cp1252" if "cp1252" in names else best.encoding
    return usual_name(found)
