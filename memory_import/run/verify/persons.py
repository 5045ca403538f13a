"""Reads profiles back, and compares them with what was sent, value by value."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from memory_import.destination.api.lookup import look_up
from memory_import.destination.api.profiles import StoredProfile, fetch_profile
from memory_import.destination.http.client import Client
from memory_import.ledger.staging.verdicts import Difference, Finding, Verdict
from memory_import.run.verify.sent import SentPerson

_IN_SMALL_LETTERS = frozenset({"email"})


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading back goes by. `ahead_seconds`: how far the server's clock is ahead of ours, at most."""

    client: Client
    store_id: str
    number: int
    ahead_seconds: float

    def is_later(self, moment: object, landed_at: float) -> bool:
        """Whether a moment, as the API writes them, is after what was sent had landed: it was changed by
        somebody else."""
        latest = landed_at + self.ahead_seconds
        return isinstance(moment, str) and datetime.fromisoformat(moment).timestamp() > latest


async def check_person(reader: Reader, sent: SentPerson) -> Finding:
    """Find the profile by the person's identifiers, one after the other, and compare it."""
    lookups = 0
    for id_type, value in sent.identifiers:
        lookups += 1
        found = await look_up(reader.client, reader.store_id, id_type, value)
        if len(found) > 1:
            several = (Difference(id_type, value, found),)
            return _finding(reader, sent, Verdict.DIFFERENT, None, lookups=lookups, differences=several)
        profile = await fetch_profile(reader.client, reader.store_id, found[0]) if found else None
        if profile is not None:
            finding = compare(reader, sent, profile, lookups=lookups)
            return replace(finding, is_followed=found[0] != profile.profile_id)
    return _finding(reader, sent, Verdict.MISSING, None, lookups=lookups)


def compare(reader: Reader, sent: SentPerson, profile: StoredProfile, *, lookups: int) -> Finding:
    """EQUAL, DIFFERENT, or CHANGED_SINCE where all that differs was changed by somebody since."""
    held = {f"{trait['traitGroup']}.{trait['name']}": trait for trait in profile.traits}
    differences: list[Difference] = []
    later: list[Difference] = []
    for path, value in sent.traits.items():
        trait = held.get(path, {})
        if not _is_same(value, trait.get("value")):
            is_later = reader.is_later(trait.get("timestamp"), sent.landed_at)
            (later if is_later else differences).append(Difference(path, value, trait.get("value")))
    identifiers = {each["idType"]: [str(value) for value in each["values"]] for each in profile.identifiers}
    for id_type, value in sent.identifiers:
        there = identifiers.get(id_type, [])
        if _normal(id_type, value) not in {_normal(id_type, other) for other in there}:
            differences.append(Difference(id_type, value, there))
    verdict = Verdict.DIFFERENT if differences else Verdict.CHANGED_SINCE if later else Verdict.EQUAL
    every = (*differences, *later)
    return _finding(reader, sent, verdict, profile.profile_id, lookups=lookups, differences=every)


def _finding(
    reader: Reader,
    sent: SentPerson,
    verdict: Verdict,
    profile_id: str | None,
    *,
    lookups: int,
    differences: tuple[Difference, ...] = (),
) -> Finding:
    return Finding(
        number=reader.number,
        pos=sent.pos,
        verdict=verdict,
        profile_id=profile_id,
        lookups=lookups,
        differences=differences,
    )


def _normal(id_type: str, value: str) -> str:
    """An identifier as the service compares it."""
    return value.replace(" ", "").lower() if id_type in _IN_SMALL_LETTERS else value.strip()


def _is_same(sent: Any, found: Any) -> bool:
    """Equal as JSON: 1 is 1.0, and neither is true."""
    if isinstance(sent, list) and isinstance(found, list):
        return len(sent) == len(found) and all(map(_is_same, sent, found))
    return isinstance(sent, bool) == isinstance(found, bool) and bool(sent == found)
