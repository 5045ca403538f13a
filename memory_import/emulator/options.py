"""How an emulator behaves, with the defaults."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from memory_import.emulator.http.answers import Sleep
from memory_import.emulator.http.middleware import Validator


class Options(TypedDict, total=False):
    """The keywords that ``create_app`` and ``running`` take; see ``Settings`` for what each means."""

    api_key: tuple[str, str] | None
    faults: object
    state_file: Path | None
    seed: int
    delay_seconds: tuple[float, float]
    read_lag_seconds: float
    operation_retry_after_seconds: int
    bulk_answer: Literal["operation", "message"]
    row_failures: Literal["refuse", "skip", "fail"]
    shared_identifiers: Literal["refuse", "race"]
    clock: Callable[[], float]
    sleep: Sleep
    source_with_slash: bool
    reserved_names: Literal["take", "refuse"]
    several_matches: Literal["merge", "first_rule"]
    empty: bool
    validator: Validator | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``Options`` with nothing left out.

    ``api_key``: the one pair that Basic auth accepts; None accepts any that is not blank. ``faults``: a
    script as README.md describes it. ``state_file``: what happened is kept there and taken up again; None
    forgets. ``seed``: of delays. ``delay_seconds``: (low, high) until asynchronous work is done.
    ``read_lag_seconds``: how much later than COMPLETED it can be read. ``operation_retry_after_seconds``:
    what Retry-After says meanwhile. ``bulk_answer``: a 202 with or without an operation to follow.
    ``row_failures``: a Bulk with a bad row is refused, or the row is skipped in silence, or the operation
    fails. ``shared_identifiers``: two rows of a Bulk with one identifier value are refused, or race.
    ``source_with_slash``: a source may hold a slash. ``reserved_names``: whether a new trait may be called
    email, phone, whatsapp or chat. ``several_matches``: profiles that one upsert matches merge, or the
    matching rule of the highest priority decides alone. ``empty``: a fresh emulator starts without a store.
    ``clock`` and ``sleep``: in seconds, for tests. ``validator``: looks at every request.
    """

    api_key: tuple[str, str] | None = None
    faults: object = ()
    state_file: Path | None = None
    seed: int = 0
    delay_seconds: tuple[float, float] = (0.02, 0.08)
    read_lag_seconds: float = 0.0
    operation_retry_after_seconds: int = 1
    bulk_answer: Literal["operation", "message"] = "operation"
    row_failures: Literal["refuse", "skip", "fail"] = "refuse"
    shared_identifiers: Literal["refuse", "race"] = "refuse"
    clock: Callable[[], float] = time.time
    sleep: Sleep = asyncio.sleep
    source_with_slash: bool = False
    reserved_names: Literal["take", "refuse"] = "take"
    several_matches: Literal["merge", "first_rule"] = "merge"
    empty: bool = False
    validator: Validator | None = None
