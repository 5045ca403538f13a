"""The service: credentials, address, clock, and the store with what it declares. Reads nothing billed."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from memory_import.clock import seconds_now
from memory_import.destination.api.store import StoreSchema, check_schema, check_status, fetch_schema
from memory_import.destination.errors import (
    AuthenticationRefused,
    DeliveryError,
    ServiceUnavailable,
    StoreUnfit,
)
from memory_import.destination.http.client import Client
from memory_import.destination.http.throttle import StopSignal, Throttle
from memory_import.errors import ImportProblem
from memory_import.ledger.database.records import RequestCount
from memory_import.run.doctor.finding import Finding, failure, ok, warning
from memory_import.run.settings import Settings, check_address, check_store_id, read_credentials
from memory_import.run.setup.wanted import trait_uses
from memory_import.spec.model import Spec

GROUPS, TRAITS, ID_TYPES = 50, 95, 15
"""Most trait groups of a store, traits of a group and identifier types, as Twilio documents them."""
_SKEW_SECONDS = 5.0


async def examine_service(spec: Spec | None, variables: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Everything between here and the store; ends early where nothing further can be asked."""
    settings = Settings.of(variables)
    problems = check_address(settings)
    for problem in problems:
        yield failure("address", problem, "put the variable right")
    credentials = None
    try:
        credentials = read_credentials(settings)
    except ImportProblem as problem:
        yield failure("credentials", problem.problems[0], "set what is missing")
        return
    if credentials is None:
        yield failure(
            "credentials",
            "none in the environment",
            "set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, or use --emulator",
        )
        return
    kind = _wrong_kind(settings)
    if kind:
        yield kind
    if problems:
        return
    store_id = (spec.store if spec and isinstance(spec.store, str) else None) or settings.store_id
    client = Client(
        api_url=settings.api_url,
        auth=credentials.pair,
        throttle=Throttle(StopSignal()),
        counts=RequestCount(),
    )
    async with client:
        async for finding in _ask(client, settings, store_id, spec):
            yield finding


def _wrong_kind(settings: Settings) -> Finding | None:
    """What the form of the credentials says of them; their values are never shown."""
    if settings.account_sid and not settings.account_sid.startswith("AC"):
        return warning("credentials", "TWILIO_ACCOUNT_SID does not begin with AC", "is it an account's SID?")
    if settings.api_key and not settings.api_key.startswith("SK"):
        return warning("credentials", "TWILIO_API_KEY does not begin with SK", "is it an API key's SID?")
    if not settings.api_key:
        return warning(
            "credentials",
            "the account's own auth token is used",
            "prefer an API key: it can be revoked alone",
        )
    return None


async def _ask(
    client: Client, settings: Settings, store_id: str, spec: Spec | None
) -> AsyncIterator[Finding]:
    if not store_id or check_store_id(store_id):
        yield failure(
            "store",
            f"{store_id!r} is no store's id" if store_id else "none is named",
            "set `store` in the spec, or MEMORY_STORE_ID; `memory-import stores list` shows what there is",
        )
        return
    began = time.monotonic()
    try:
        schema = await fetch_schema(client, store_id)
    except AuthenticationRefused as error:
        yield ok("address", f"{settings.api_url} answers")
        yield failure("credentials", f"refused (HTTP {error.status})", "renew the key, or give it the rights")
        return
    except StoreUnfit as error:
        yield ok("address", f"{settings.api_url} answers")
        yield failure("store", error.problems[0], "correct its id, or make it with `memory-import setup`")
        return
    except ServiceUnavailable as error:
        yield failure("address", f"{settings.api_url}: {error}", "check the address, the network and TLS")
        return
    except DeliveryError as error:
        yield failure("address", str(error), "is it the address of the Memory API?")
        return
    yield ok("address", f"{settings.api_url} answers ({(time.monotonic() - began) / 3:.2f} s a request)")
    yield ok("credentials", "accepted")
    yield _clock(client.server_time)
    for finding in _store(schema, spec):
        yield finding


def _clock(server_time: float | None) -> Finding:
    """`server_time`: as of the last answer, in seconds since the epoch."""
    if server_time is None:
        return ok("clock", "the service does not tell its own")
    ahead_seconds = server_time - seconds_now()
    if abs(ahead_seconds) <= _SKEW_SECONDS:
        return ok("clock", "as the service's")
    which = "behind" if ahead_seconds > 0 else "ahead of"
    return warning("clock", f"{abs(ahead_seconds):.0f} s {which} the service's", "set this machine's clock")


def _store(schema: StoreSchema, spec: Spec | None) -> Iterator[Finding]:
    yield from (failure("store", problem, "wait, then look again") for problem in check_status(schema))
    if not check_status(schema):
        yield ok("store", "ACTIVE")
    if spec is not None and spec.profiles is not None:
        problems = [
            p
            for p in check_schema(schema, trait_uses(spec.profiles), spec.profiles.identifiers)
            if p not in check_status(schema)
        ]
        yield from (
            failure("trait groups", problem, "`memory-import setup SPEC` makes what is missing")
            for problem in problems
        )
        if not problems:
            yield ok("trait groups", "declare every trait of the spec, with identifiers")
    yield from _limits(schema)


def _limits(schema: StoreSchema) -> Iterator[Finding]:
    per_group: dict[str, int] = {}
    for path in schema.data_types:
        group = path.partition(".")[0]
        per_group[group] = per_group.get(group, 0) + 1
    counts: list[tuple[str, int, int]] = [
        ("trait groups", len(schema.groups), GROUPS),
        *((f"traits of {group}", count, TRAITS) for group, count in sorted(per_group.items())),
        ("identifier types", len(schema.normalizations), ID_TYPES),
    ]
    tight = [(what, count, most) for what, count, most in counts if count >= most]
    for what, count, most in tight:
        yield warning("limits", f"{count} {what} of at most {most}", "nothing can be added there")
    if not tight:
        yield ok(
            "limits",
            f"{len(schema.groups)} of {GROUPS} groups, {len(schema.normalizations)} of {ID_TYPES} types",
        )


def summarise(findings: list[Finding]) -> dict[str, Any]:
    """The document of an examination."""
    worst = {finding.level.value for finding in findings}
    return {
        "is_ready": "failure" not in worst,
        "billed_reads": 0,
        "findings": [finding.document for finding in findings],
    }
