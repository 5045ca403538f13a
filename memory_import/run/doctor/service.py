"""The service: credentials, address, clock, and the store with what it declares. Reads nothing billed."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from memory_import.clock import seconds_now
from memory_import.destination.errors import (
    AuthenticationRefused,
    DeliveryError,
    ServiceUnavailable,
    StoreUnfit,
)
from memory_import.destination.http.client import Client
from memory_import.errors import ImportProblem
from memory_import.run.doctor.finding import Finding, failure, ok, warning
from memory_import.run.doctor.store import examine_store, look_at_store
from memory_import.run.settings import Account, Settings, check_address, check_store_id, read_credentials
from memory_import.run.stores.account import connect
from memory_import.spec.model import Spec

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
    async with connect(Account(settings.api_url, credentials)) as client:
        async for finding in _ask(client, settings, spec):
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


async def _ask(client: Client, settings: Settings, spec: Spec | None) -> AsyncIterator[Finding]:
    named = spec.named_store if spec else None
    store_id = (spec.store_id if spec else None) or settings.store_id
    if named is None and (not store_id or check_store_id(store_id)):
        yield failure(
            "store",
            f"{store_id!r} is no store's id" if store_id else "none is named",
            "set `store` in the spec, or MEMORY_STORE_ID; `memory-import stores list` shows what there is",
        )
        return
    began = time.monotonic()
    try:
        seen = await look_at_store(client, spec, store_id)
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
    seconds = (time.monotonic() - began) / max(client.requests, 1)
    yield ok("address", f"{settings.api_url} answers ({seconds:.2f} s a request)")
    yield ok("credentials", "accepted")
    yield _clock(client.server_time)
    if named is not None and settings.store_id:
        yield warning(
            "store",
            "MEMORY_STORE_ID is set and not used: the spec names its store",
            "unset it, or leave `store` out of the spec",
        )
    for finding in examine_store(seen, spec):
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


def summarise(findings: list[Finding]) -> dict[str, Any]:
    """The document of an examination."""
    worst = {finding.level.value for finding in findings}
    return {
        "is_ready": "failure" not in worst,
        "billed_reads": 0,
        "findings": [finding.document for finding in findings],
    }
