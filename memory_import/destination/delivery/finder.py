"""Finds the profiles that identifiers lead to: each identifier once, whatever is interrupted and resumed."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from memory_import.destination.api.lookup import look_up
from memory_import.destination.api.store import require_store
from memory_import.destination.delivery.shutdown import drained, guarded
from memory_import.destination.errors import NotVisibleYet, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import CREATE_PROFILE
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
        until they are found; `NotVisibleYet` when `patience_seconds` are over before. That any other leads
        to none counts when it is said twice. Raises the reason when the run was halted.
        """
        throttle = self._client.throttle
        end = throttle.clock() + patience_seconds
        keys = {identifier: hash_identifier(self._key, *identifier) for identifier in identifiers}
        asked: Counter[Identifier] = Counter()
        async with drained(self._stop_signal):
            while missing := [identifier for identifier in keys if keys[identifier] not in self._known]:
                late = [identifier for identifier in missing if identifier in expected]
                if asked and throttle.clock() >= end and len(late) == len(missing):
                    raise NotVisibleYet(len(missing))
                if asked:
                    await throttle.rest(LOOKUP_POLL_SECONDS)
                await self._ask(missing, keys, expected, asked)
        return [self._known[keys[identifier]] for identifier in identifiers]

    async def _ask(
        self,
        missing: Sequence[Identifier],
        keys: Mapping[Identifier, str],
        expected: Collection[Identifier],
        asked: Counter[Identifier],
    ) -> None:
        """Ask for each once, and remember what is certain."""

        async def work(identifiers: Iterator[Identifier]) -> None:
            for identifier in identifiers:
                asked[identifier] += 1
                found = await look_up(self._client, self._store_id, *identifier)
                if found or (asked[identifier] > 1 and identifier not in expected):
                    profile_id = found[0] if len(found) == 1 else None
                    await self._remember(
                        FoundProfile(
                            key=keys[identifier],
                            matches=len(found),
                            profile_id=profile_id,
                            tries=asked[identifier],
                        )
                    )

        shared = iter(missing)
        await self._work_together(work(shared) for _ in range(LOOKUPS_AT_ONCE))

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
        path = CREATE_PROFILE.at(store_id=self._store_id)
        decision = await self._client.call(Request(route=CREATE_PROFILE, path=path, content=body))
        if isinstance(decision, Refused):
            await require_store(self._client, self._store_id)
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
