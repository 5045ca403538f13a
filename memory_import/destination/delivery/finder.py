"""Finds the profiles that identifiers lead to: each identifier once, whatever is interrupted and resumed."""

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from memory_import.destination.api.lookup import look_up
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.errors import UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.limits import LOOKUP_POLL_SECONDS, LOOKUPS_AT_ONCE
from memory_import.ledger.database.group_commit import GroupCommit
from memory_import.ledger.database.identifier_hashes import hash_identifier
from memory_import.ledger.database.records import FoundProfile

Identifier = tuple[str, str]
"""Type and value, as the service stores it."""


class ProfileFinder:
    """Looks identifiers up for one load. `known` is what the run has found before, by `hash_identifier`."""

    def __init__(
        self,
        *,
        client: Client,
        commits: GroupCommit,
        store_id: str,
        load: str,
        key: bytes,
        known: Mapping[str, FoundProfile],
    ) -> None:
        self._client = client
        self._stop_signal = client.throttle.stop_signal
        self._commits = commits
        self._store_id = store_id
        self._load = load
        self._key = key
        self._known = dict(known)

    async def find(
        self,
        identifiers: Sequence[Identifier],
        expected: Collection[Identifier],
        *,
        patience_seconds: float,
    ) -> list[FoundProfile]:
        """What each of the identifiers leads to, in their order.

        Those `expected` to be there, because the service has accepted their profile, are asked for again
        until they are found or `patience_seconds` are over. Raises the reason when the run was halted.
        """
        end = self._client.throttle.clock() + patience_seconds
        keys = [hash_identifier(self._key, *identifier) for identifier in identifiers]
        open_ones = (pair for pair in zip(identifiers, keys, strict=True) if pair[1] not in self._known)

        async def work(pairs: Iterator[tuple[Identifier, str]]) -> None:
            for identifier, key in pairs:
                await self._find_one(identifier, key, end if identifier in expected else None)

        await self._work_together(work(open_ones) for _ in range(LOOKUPS_AT_ONCE))
        return [self._known[key] for key in keys]

    async def _find_one(self, identifier: Identifier, key: str, end: float | None) -> None:
        tries = 1
        while not (found := await look_up(self._client, self._store_id, *identifier)):
            if end is None or self._client.throttle.clock() >= end:
                break
            await self._client.throttle.rest(LOOKUP_POLL_SECONDS)
            tries += 1
        profile_id = found[0] if len(found) == 1 else None
        await self._remember(FoundProfile(key=key, matches=len(found), profile_id=profile_id, tries=tries))

    async def create(
        self, identifiers: Sequence[Identifier], traits: Mapping[str, str]
    ) -> list[FoundProfile]:
        """Create a profile for each of the identifiers that were looked up and lead to none, in their order.

        `traits` gives the trait (`Group.trait`) that the store promotes to each identifier type. Creating
        twice is harmless: the service finds the profile by its identifier.
        """
        keys = [hash_identifier(self._key, *identifier) for identifier in identifiers]
        open_ones = (
            pair for pair in zip(identifiers, keys, strict=True) if self._known[pair[1]].matches == 0
        )

        async def work(pairs: Iterator[tuple[Identifier, str]]) -> None:
            for (id_type, value), key in pairs:
                await self._create_one(traits[id_type], value, key)

        await self._work_together(work(open_ones) for _ in range(LOOKUPS_AT_ONCE))
        return [self._known[key] for key in keys]

    async def _create_one(self, trait: str, value: str, key: str) -> None:
        group, _, name = trait.partition(".")
        body = json.dumps({"traits": {group: {name: value}}}).encode()
        path = f"/v1/Stores/{self._store_id}/Profiles"
        decision = await self._client.call(Request(method="POST", path=path, content=body))
        if isinstance(decision, Refused):
            raise UnexpectedAnswer("POST", path, decision.status, decision.code, decision.request_id)
        tries = self._known[key].tries
        profile_id = str(decision.answer.document["id"])
        await self._remember(
            FoundProfile(key=key, matches=1, profile_id=profile_id, tries=tries, is_created=True)
        )

    async def _remember(self, found: FoundProfile) -> None:
        await self._commits.remember(self._load, found)
        self._known[found.key] = found

    async def _work_together(self, workers: Iterator[object]) -> None:
        async with drained(self._stop_signal), asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(guarded(self._stop_signal, worker))  # type: ignore[arg-type]
