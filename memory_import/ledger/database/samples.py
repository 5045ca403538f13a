"""How busy a run was, over time: what its request counts said from one moment to the next."""

from collections.abc import Callable

from memory_import.clock import seconds_now
from memory_import.ledger.database.records import RequestCount, Sample

_FIRST_SECONDS = 0.25
_SHARE_OF_AGE = 1 / 300  # a run of a minute has 250 samples, one of a day 2,000


class Sampler:
    """Adds request counts up to samples: four a second at first, and fewer the longer it goes on.

    `clock` counts seconds; `held_seconds` says for how many of them the service has wanted no request so far.
    """

    def __init__(self, clock: Callable[[], float], held_seconds: Callable[[], float]) -> None:
        self._clock, self._held_seconds = clock, held_seconds
        self._began_at = self._sampled_at = clock()
        self._held_before = held_seconds()
        self._requests = self._throttled = self._in_flight = 0

    def add(self, counts: RequestCount, *, is_last: bool) -> Sample | None:
        """Add counts; the sample that they complete, if they do. The last one completes what there is."""
        self._requests += sum(counts.by_status.values())
        self._throttled += counts.by_status.get("429", 0)
        self._in_flight = max(self._in_flight, counts.most_in_flight)
        now = self._clock()
        seconds = now - self._sampled_at
        is_due = seconds >= max(_FIRST_SECONDS, (now - self._began_at) * _SHARE_OF_AGE)
        if not (self._requests and (is_due or is_last)):
            return None
        held_seconds = self._held_seconds()
        sample = Sample(
            at=seconds_now(),
            seconds=seconds,
            requests=self._requests,
            throttled=self._throttled,
            in_flight=self._in_flight,
            held_seconds=held_seconds - self._held_before,
        )
        self._sampled_at, self._held_before = now, held_seconds
        self._requests = self._throttled = self._in_flight = 0
        return sample
