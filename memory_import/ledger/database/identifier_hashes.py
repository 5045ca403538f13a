"""Identifiers as the ledger knows them: by a hash that means nothing without the run's own key."""

import hashlib
import hmac
import secrets
from pathlib import Path

from memory_import.ledger.files import whole_file

_KEY_BYTES = 32


def read_key(folder: Path) -> bytes:
    """The key of a run, kept in its folder beside the customer data; made when missing."""
    path = folder / "lookups.key"
    if not path.exists():
        with whole_file(path) as stream:
            stream.write(secrets.token_bytes(_KEY_BYTES))
    return path.read_bytes()


def hash_identifier(key: bytes, id_type: str, value: str) -> str:
    """HMAC-SHA-256 of an identifier, in hexadecimal."""
    return hmac.new(key, f"{id_type}:{value}".encode(), hashlib.sha256).hexdigest()
