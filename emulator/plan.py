"""What is to go wrong with one request. Decided by ``faults``, carried out by ``gate`` and the handlers."""

from dataclasses import dataclass, field
from typing import Literal

from emulator.checks import Json


@dataclass(slots=True)
class Answer:
    """An answer given instead of the API's own; nothing is applied. ``body`` None is an empty one."""

    status: int
    body: bytes | None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """Nothing, unless a rule says so.

    ``answer`` takes the place of the API's own, ``body`` that of its body alone. ``drop`` resets the
    connection before or after the request is applied. ``keep_bytes`` cuts the answer's body there, though its
    headers promise all of it. ``drip_seconds`` is the pause before each byte of the body. ``late_seconds``
    puts off what the request changes. ``error`` is what its operation ends with.
    """

    delay_seconds: float = 0.0
    answer: Answer | None = None
    drop: Literal["before", "after"] | None = None
    body: Literal["empty", "html"] | None = None
    keep_bytes: int | None = None
    drip_seconds: float = 0.0
    late_seconds: float = 0.0
    bulk_answer: Literal["operation", "message"] | None = None
    error: Json | None = None
    store_status: str | None = None
