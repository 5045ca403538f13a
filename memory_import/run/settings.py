"""The environment: the only place that reads it."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from memory_import.errors import UsageProblem

LIVE_URL = "https://memory.twilio.com"
EMULATOR_STORE_ID = "mem_store_00000000000000000000000001"
_STORE_ID = re.compile(r"mem_(?:store|service)_[0-7][0-9a-z]{25}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of HTTP Basic."""

    user: str
    password: SecretStr = field(repr=False)

    @property
    def pair(self) -> tuple[str, str]:
        """In the form that HTTP clients take."""
        return self.user, self.password.get_secret_value()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run writes to."""

    api_url: str
    store_id: str
    credentials: Credentials
    is_emulator: bool


def environment() -> Mapping[str, str]:
    """All variables."""
    return os.environ


def quiet_prefect() -> None:
    """Defaults for Prefect, to be set before it is imported; what the user has set stays."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "60")


def silence_prefect() -> None:
    """For the command line, which says itself what happens; to be called before Prefect is imported."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "1")  # the run does not depend on it


def reuse_memory() -> None:
    """A default for the allocator of Polars, to be set before that is imported; what the user has set stays.

    Polars gives memory back after half a second and asks for it anew for the next part of the input. Two
    seconds, and two arenas for all threads, save a quarter of the time in the kernel or more, and the peak of
    memory stays where it was.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:2,dirty_decay_ms:2000,muzzy_decay_ms:2000")


def read_credentials(variables: Mapping[str, str]) -> Credentials | None:
    """The credentials of the environment: an API key, or the account's own token; None when there are none.

    `UsageProblem` when they are there in part.
    """
    account, key, secret, token = (
        variables.get(name, "")
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_AUTH_TOKEN")
    )
    if not (account or key or secret or token):
        return None
    if account and key and secret:
        return Credentials(key, SecretStr(secret))
    if account and token and not (key or secret):
        return Credentials(account, SecretStr(token))
    missing = [
        name
        for name, value in (
            ("TWILIO_ACCOUNT_SID", account),
            ("TWILIO_API_KEY", key),
            ("TWILIO_API_SECRET", secret),
        )
        if not value
    ]
    raise UsageProblem(
        f"The credentials in the environment are incomplete: {', '.join(missing)} not set. "
        "Set TWILIO_ACCOUNT_SID with TWILIO_API_KEY and TWILIO_API_SECRET (or with TWILIO_AUTH_TOKEN)."
    )


def live_target(
    variables: Mapping[str, str], spec_store: str | None, credentials: Credentials | None
) -> Target:
    """The real API, or whatever MEMORY_API_URL points at. `UsageProblem` names everything that is missing."""
    problems = []
    store_id = spec_store or variables.get("MEMORY_STORE_ID")
    if not store_id:
        problems.append("No store: set `store` in the spec, or MEMORY_STORE_ID.")
    problems += check_store_id(store_id)
    if credentials is None:
        problems.append(
            "No credentials: set TWILIO_ACCOUNT_SID with TWILIO_API_KEY and TWILIO_API_SECRET "
            "(or with TWILIO_AUTH_TOKEN), or try the run against the local emulator with --emulator."
        )
    api_url = _api_url(variables)
    problems += check_api_url(api_url)
    if problems or credentials is None or not store_id:
        raise UsageProblem(problems)
    return Target(api_url, store_id, credentials, is_emulator=False)


def dry_target(variables: Mapping[str, str], spec_store: str | None) -> Target:
    """Where a dry run would write to; it asks nobody and needs neither credentials nor a store."""
    store_id = spec_store or variables.get("MEMORY_STORE_ID", "")
    if problems := check_store_id(store_id):
        raise UsageProblem(problems)
    return Target(_api_url(variables), store_id, Credentials("", SecretStr("")), is_emulator=False)


def _api_url(variables: Mapping[str, str]) -> str:
    return (variables.get("MEMORY_API_URL") or LIVE_URL).rstrip("/")


def check_store_id(store_id: str | None) -> list[str]:
    """What is wrong with the id of a store, where there is one."""
    if not store_id or _STORE_ID.fullmatch(store_id):
        return []
    return [
        f"The store is {store_id!r}; expected its id: mem_store_ or mem_service_ and 26 digits or small "
        "letters."
    ]


def check_api_url(api_url: str) -> list[str]:
    """What is wrong with the API's address: it names no user, and plain http is for loopback alone."""
    if _is_acceptable(api_url):
        return []
    return [
        f"MEMORY_API_URL is {_without_user(api_url)!r}; it must be an https:// address without a user in it "
        "(http:// is accepted for loopback addresses only)."
    ]


def _is_acceptable(api_url: str) -> bool:
    try:
        parts = urlsplit(api_url)
        is_complete = bool(parts.hostname) and parts.port != 0  # a port that is none raises
    except ValueError:
        return False
    if not is_complete or "@" in parts.netloc or re.search(r"\s", api_url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_user(url: str) -> str:
    return url.rpartition("@")[2] if "@" in url else url
