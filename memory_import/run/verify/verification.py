"""Verifies the loads of a run: chooses rows, reads them back, and keeps what was found."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

import polars as pl

from memory_import.clock import seconds_now
from memory_import.columns import POS
from memory_import.destination.api.store import require_store
from memory_import.destination.http.client import Client
from memory_import.destination.limits import LOOKUPS_AT_ONCE
from memory_import.ledger.staging.staged import Staging
from memory_import.ledger.staging.verdicts import (
    Finding,
    Verdict,
    Verification,
    note_findings,
    read_findings,
    read_verification,
    write_verification,
)
from memory_import.loads import PROFILES
from memory_import.printable import counted
from memory_import.run.context import RunContext
from memory_import.run.verify.memories import check_memories
from memory_import.run.verify.persons import Reader, check_person
from memory_import.run.verify.sample import IS_RANDOM, IS_UNCHANGED, STRATUM, UNCHANGED, draw
from memory_import.run.verify.sent import SentLoad, SentMemory, SentPerson
from memory_import.run.verify.unchanged import UnchangedLoad

_PROFILES_AT_ONCE = 5_000  # whose memories are in memory together
_CHUNK = 200  # profiles whose findings are written together
_SETTLE_SECONDS = 10.0  # after the last write of a run, in which reads may lag
_MARGIN_SECONDS = 2.0  # the ledger's and the server's times are known to the second

Now = Callable[[], float]


async def verify_loads(run: RunContext, sample: int | None, *, now: Now = seconds_now) -> None:
    """Read back a sample of each load (None: all that landed or is unchanged), and keep what was found beside
    the rows.

    Goes on with a verification of the same sample that did not come to its end. Says beforehand how many
    billed reads it takes. `now`: in seconds since the epoch.
    """
    chosen = [_choose(run, load.load, sample, _landed_at(run, now)) for load in run.staged_loads()]
    for one in chosen:
        _announce(run, one)
    for one in chosen:
        run.progress.begin(f"verifying {one.load}", one.rows.height)
        with run.timed(f"verify {one.load}"):
            async with run.connection() as (client, _):
                await _Check(run, one, await _reader(run, client, one.verification.number, now), now).run()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """`rows`: `_pos`, `is_random`, `is_unchanged` of those that are to be read, without those that were read
    already."""

    load: str
    sent: SentLoad
    unchanged: UnchangedLoad
    staging: Staging
    verification: Verification
    rows: pl.DataFrame


def _choose(run: RunContext, load: str, sample: int | None, landed_at: float) -> _Chosen:
    staging = run.staging(load)
    sent, unchanged = SentLoad(run, load, landed_at), UnchangedLoad(run, load, landed_at)
    population = pl.concat([sent.population(), unchanged.population()])
    unchanged_rows = population.filter(pl.col(STRATUM) == UNCHANGED).height
    last = read_verification(staging)
    is_open = last is not None and not last.is_finished and last.sample == sample
    number = (last.number + (not is_open)) if last else 1
    rows = draw(population, sample, f"{run.run_id} {load} {number}")
    verification = Verification(
        number=number,
        sample=sample,
        landed=population.height - unchanged_rows,
        unchanged=unchanged_rows,
        planned=rows.height,
    )
    write_verification(staging, verification)
    findings = read_findings(staging) if is_open else {}
    done = pl.Series(POS, [pos for pos, one in findings.items() if one.number == number], pl.Int64)
    return _Chosen(
        load, sent, unchanged, staging, verification, rows.filter(~pl.col(POS).is_in(done.implode()))
    )


def _announce(run: RunContext, chosen: _Chosen) -> None:
    rows, of_all = chosen.rows.height, chosen.verification
    unchanged = chosen.rows.filter(IS_UNCHANGED).height
    kinds = [f"{rows - unchanged:,} of {of_all.landed:,} {chosen.load} that landed"]
    if of_all.unchanged:
        kinds.append(f"{unchanged:,} of {of_all.unchanged:,} that are unchanged")
    if chosen.load == PROFILES:
        words = f"{counted(rows, 'profile')} to read and at least {counted(rows, 'lookup')}"
    else:
        profiles = _list_profiles(chosen.staging, chosen.rows[POS])["profile"].n_unique()
        words = f"{counted(profiles, 'profile')} to read"
    run.progress.say(f"Verifying {' and '.join(kinds)}: {words}, billed once a profile in 24 hours.")


def _list_profiles(staging: Staging, wanted: pl.Series) -> pl.DataFrame:
    """`_pos`, `profile` of rows of memories."""
    if staging.compared is None:
        return pl.DataFrame(schema={POS: pl.Int64, "profile": pl.String})
    return staging.compared.select(POS, "profile").filter(pl.col(POS).is_in(wanted.implode()))


async def _reader(run: RunContext, client: Client, number: int, now: Now) -> Reader:
    await require_store(client, run.target.store_id)
    ahead_seconds = 0.0 if client.server_time is None else client.server_time - now()
    return Reader(client, run.target.store_id, number, ahead_seconds + _MARGIN_SECONDS)


def _landed_at(run: RunContext, now: Now) -> float:
    """When the run had sent all that it has sent, in seconds since the epoch."""
    finished_at = run.record.finished_at
    return now() if finished_at is None else datetime.fromisoformat(finished_at).timestamp()


class _Check:
    """The check of one load: profile by profile, some side by side."""

    def __init__(self, run: RunContext, chosen: _Chosen, reader: Reader, now: Now) -> None:
        self._run = run
        self._chosen = chosen
        self._reader = reader
        self._now = now
        self._slots = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._random = set(chosen.rows.filter(IS_RANDOM)[POS])
        self._unchanged = set(chosen.rows.filter(IS_UNCHANGED)[POS])
        self._landed_at = _landed_at(run, now)

    async def run(self) -> None:
        """Read everything once; what is not equal is read again where reads may lag yet."""
        doubtful = await self._read(self._chosen.rows[POS])
        left_seconds = self._landed_at + _SETTLE_SECONDS - self._now()
        if doubtful and left_seconds > 0:
            await self._reader.client.throttle.rest(left_seconds)
            doubtful = await self._read(pl.Series(POS, [one.pos for one in doubtful], pl.Int64))
        self._note(doubtful)
        self._tell_merged()
        write_verification(self._chosen.staging, replace(self._chosen.verification, is_finished=True))

    async def _read(self, wanted: pl.Series) -> list[Finding]:
        """Keep what is found equal; give back the rest."""
        doubtful = []
        checks = self._checks(wanted)
        while chunk := list(islice(checks, _CHUNK)):
            found = await _gather(chunk)
            self._note([one for one in found if one.verdict is Verdict.EQUAL])
            doubtful += [one for one in found if one.verdict is not Verdict.EQUAL]
            self._run.progress.requested(self._reader.client.requests)
        return doubtful

    def _checks(self, wanted: pl.Series) -> Iterator[Coroutine[Any, Any, list[Finding]]]:
        sent, unchanged = self._chosen.sent, self._chosen.unchanged
        if self._chosen.load == PROFILES:
            for persons in chain(sent.persons(wanted), unchanged.persons(wanted)):
                yield from (self._person(person) for person in persons)
            return
        of_profiles = _list_profiles(self._chosen.staging, wanted)
        for profiles in of_profiles["profile"].unique().sort().to_frame().iter_slices(_PROFILES_AT_ONCE):
            here = of_profiles.join(profiles, on="profile", how="semi")[POS]
            of_profile: dict[str, list[SentMemory]] = defaultdict(list)
            for memory in chain.from_iterable(chain(sent.memories(here), unchanged.memories(here))):
                of_profile[memory.profile_id].append(memory)
            yield from (self._memories(*each) for each in of_profile.items())

    async def _person(self, person: SentPerson) -> list[Finding]:
        async with self._slots:
            return [await check_person(self._reader, person)]

    async def _memories(self, profile_id: str, memories: Sequence[SentMemory]) -> list[Finding]:
        async with self._slots:
            return await check_memories(self._reader, self._chosen.load, profile_id, memories)

    def _note(self, findings: Iterable[Finding]) -> None:
        told = [
            replace(one, is_random=one.pos in self._random, is_unchanged=one.pos in self._unchanged)
            for one in findings
        ]
        if told:
            note_findings(self._chosen.staging, told)
            self._run.progress.advance(len(told))

    def _tell_merged(self) -> None:
        """A profile that two persons of the run were found in was merged: what differs is for that."""
        if self._chosen.load != PROFILES:
            return
        number = self._reader.number
        found = [one for one in read_findings(self._chosen.staging).values() if one.number == number]
        holders: dict[str | None, int] = defaultdict(int)
        for one in found:
            holders[one.profile_id] += one.profile_id is not None
        merged = [
            replace(one, verdict=Verdict.MERGED)
            for one in found
            if holders[one.profile_id] > 1 and one.verdict is Verdict.DIFFERENT
        ]
        if merged:
            note_findings(self._chosen.staging, merged)


async def _gather(checks: Iterable[Coroutine[Any, Any, list[Finding]]]) -> list[Finding]:
    """What all of them find; where one fails, the others end first."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(check) for check in checks]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the others failed for the same reason, or for being stopped
    return [finding for task in tasks for finding in task.result()]
