"""Identifiers in Twilio's form, counted, so that the same history always gives the same ids."""

import re
from collections import Counter
from functools import cache

_PREFIXES = {
    "store": "mem_store_",
    "profile": "mem_profile_",
    "observation": "mem_observation_",
    "summary": "mem_summary_",
    "import": "mem_import_",
    "operation": "mem_operation_",
    "job": "proc_job_",
    "configuration": "conv_configuration_",
}

FIRST_STORE_ID = "mem_store_00000000000000000000000001"
STORE_ID_PATTERN = r"mem_(?:store|service)_[0-7][0-9a-z]{25}"
CONVERSATION_ID_PATTERN = r"conv_conversation_[0-7][0-9a-z]{25}"


class Ids:
    """Mints ids: the prefix of the kind and its running number, filled up to 26 digits."""

    def __init__(self) -> None:
        self._minted: Counter[str] = Counter()

    def mint(self, kind: str) -> str:
        self._minted[kind] += 1
        return f"{_PREFIXES[kind]}{self._minted[kind]:026d}"

    def claim(self, kind: str, known_id: str) -> None:
        """Never mint ``known_id``, which an earlier process minted, nor any id before it."""
        self._minted[kind] = max(self._minted[kind], int(known_id[-26:]))


@cache
def _pattern_of(kind: str) -> re.Pattern[str]:
    prefix = "mem_(?:store|service)_" if kind == "store" else _PREFIXES[kind]
    return re.compile(prefix + r"[0-7][0-9a-z]{25}", re.ASCII)


def is_id(kind: str, text: str) -> bool:
    """Whether ``text`` has the documented form of an id of this kind; not whether anything has that id."""
    return _pattern_of(kind).fullmatch(text) is not None
