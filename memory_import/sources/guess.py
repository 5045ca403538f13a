"""Which encoding bytes read well in that are no text in the one they were said to have."""

import re
from collections import Counter

from memory_import.sources.options import usual_name

_SAMPLE_BYTES = 1 << 16
_WESTERN = ("cp1252", "mac-roman", "cp850")
_CENTRAL = ("cp1250", "iso8859-2", "cp852", "mac-latin2")
_LETTERS = {
    "àâæçéèêëîïôœùûü": _WESTERN,  # French
    "äöüß": _WESTERN,  # German
    "áéíñóúü¿¡ªº": _WESTERN,  # Spanish
    "áâãàçéêíóôõúüªº": _WESTERN,  # Portuguese
    "àèéìòùî": _WESTERN,  # Italian
    "åäöé": _WESTERN,  # Swedish, Finnish
    "æøåé": _WESTERN,  # Danish, Norwegian
    "áðéíóúýþæö": _WESTERN,  # Icelandic
    "àçèéíïòóúü·": _WESTERN,  # Catalan
    "éëïöüèáóíú": _WESTERN,  # Dutch
    "ąćęłńóśźż": _CENTRAL,  # Polish
    "áčďéěíňóřšťúůýž": _CENTRAL,  # Czech
    "áäčďéíĺľňóôŕšťúýž": _CENTRAL,  # Slovak
    "áéíóöőúüű": _CENTRAL,  # Hungarian
    "čćđšž": _CENTRAL,  # Croatian, Slovenian
    "ăâîşţ": _CENTRAL,  # Romanian
    "çğıöşüâîi\u0307": ("cp1254", "cp857"),  # Turkish
    "āčēģīķļņšūž": ("cp1257",),  # Latvian
    "ąčęėįšųūž": ("cp1257",),  # Lithuanian
    "äõöüšž": ("cp1257",),  # Estonian
}
"""The letters of a language beyond ASCII, in small, and the encodings of files in it, the usual first."""

_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_PUNCTUATION = "‘’‚“”„–—…€«»°´\u00a0"
_LEAST_SHARE = 0.95
_LONGEST_RUN = 1.5
"""The mean length of what stands together beyond ASCII, where letters are Latin."""


def propose_encoding(sample: bytes) -> str | None:
    """The encoding to set in the spec; None where none reads well.

    Latin letters have to be those of one language; what is no such text is left to a library.
    """
    found = _find_latin(sample[:_SAMPLE_BYTES]) or _find_other(sample[:_SAMPLE_BYTES])
    return usual_name(found) if found else None


def _find_latin(sample: bytes) -> str | None:
    """Of encodings that read equally well, the more usual one; also for names from many countries."""
    shares: dict[str, float] = {}
    for letters, encodings in _LETTERS.items():
        for encoding in encodings:
            shares[encoding] = max(shares.get(encoding, 0.0), _share(sample, encoding, letters))
    best = max(shares, key=lambda encoding: shares[encoding])
    if shares[best] >= _LEAST_SHARE:
        return best
    mixed = "".join(letters for letters, encodings in _LETTERS.items() if encodings is _WESTERN)
    runs = _BEYOND_ASCII.findall(sample)
    is_scattered = sum(map(len, runs)) <= _LONGEST_RUN * len(runs)
    usual = _WESTERN[0]
    return usual if is_scattered and _share(sample, usual, mixed) >= _LEAST_SHARE else None


def _share(sample: bytes, encoding: str, letters: str) -> float:
    """How much of what is beyond ASCII in a sample is letters of a language, or usual punctuation."""
    try:
        counted = Counter(sample.decode(encoding).lower())
    except UnicodeDecodeError:
        return 0.0
    beyond = {character: count for character, count in counted.items() if not character.isascii()}
    known = sum(count for character, count in beyond.items() if character in letters + _PUNCTUATION)
    return known / max(1, sum(beyond.values()))


def _find_other(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # slow to import, and seldom needed

    best = from_bytes(sample).best()
    return best.encoding if best is not None and best.encoding not in ("utf_8", "ascii") else None
