"""The environment: the only place that reads it."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from memory_import.errors import UsageProblem

EMULATOR_STORE_ID = "mem_store_00000000000000000000000001"
_STORE_ID = re.compile(r"mem_(?:store|service)_[0-7][0-9a-z]{25}")
_REGION = re.compile(r"[a-z]{2}[0-9]{1,2}")
_HOW_TO_SET = "Set TWILIO_ACCOUNT_SID with TWILIO_API_KEY and TWILIO_API_SECRET (or with TWILIO_AUTH_TOKEN)"


class Settings(BaseModel):
    """What the environment says, each under the name of its variable; an empty variable is none."""

    model_config = ConfigDict(frozen=True)

    account_sid: str = Field(default="", validation_alias="TWILIO_ACCOUNT_SID")
    api_key: str = Field(default="", validation_alias="TWILIO_API_KEY")
    api_secret: SecretStr = Field(default=SecretStr(""), validation_alias="TWILIO_API_SECRET")
    auth_token: SecretStr = Field(default=SecretStr(""), validation_alias="TWILIO_AUTH_TOKEN")
    region: str = Field(default="", validation_alias="TWILIO_REGION")
    memory_api_url: str = Field(default="", validation_alias="MEMORY_API_URL")
    conversations_api_url: str = Field(default="", validation_alias="CONVERSATIONS_API_URL")
    store_id: str = Field(default="", validation_alias="MEMORY_STORE_ID")

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        """The settings that these variables make, whatever the process's own are."""
        return cls.model_validate({name: value for name, value in variables.items() if value})

    @property
    def api_url(self) -> str:
        """Where the API is: MEMORY_API_URL, or Twilio's own address, that of TWILIO_REGION if it is set."""
        return (self.memory_api_url or self._twilio("memory")).rstrip("/")

    @property
    def conversations_url(self) -> str:
        """Where conversations are configured: CONVERSATIONS_API_URL, or MEMORY_API_URL, which stands for both
        hosts, or Twilio's own address."""
        given = self.conversations_api_url or self.memory_api_url
        return (given or self._twilio("conversations")).rstrip("/")

    def _twilio(self, product: str) -> str:
        host = f"{product}.{self.region}.twilio.com" if self.region else f"{product}.twilio.com"
        return f"https://{host}"


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
class Account:
    """Where the API is, and the credentials of the account there."""

    api_url: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Target:
    """Where a run writes to. `credentials` None: nobody can be asked there, and nothing sent.

    `store_id` is empty as long as a store that is known by name was not looked up, and where none is named.
    """

    api_url: str
    store_id: str
    credentials: Credentials | None
    is_emulator: bool

    @property
    def account(self) -> Account:
        """The account of a target that can be asked."""
        assert self.credentials is not None  # noqa: S101 - without them nobody is asked
        return Account(self.api_url, self.credentials)


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

    Polars gives memory back after half a second and asks for it anew for the next part of the input. One
    second, and two arenas for all threads, save a quarter of the time in the kernel or more. None is kept
    back after that, which costs nothing and lowers the peak of memory.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0")


def is_prefect_configured(variables: Mapping[str, str]) -> bool:
    """Whether a Prefect API is configured: in the environment, or in the active profile of Prefect.

    Looked up without Prefect, which takes a second to import.
    """
    if variables.get("PREFECT_API_URL"):
        return True
    home = Path(variables.get("PREFECT_HOME") or "~/.prefect").expanduser()
    profiles = _read_toml(Path(variables.get("PREFECT_PROFILES_PATH") or home / "profiles.toml"))
    active = variables.get("PREFECT_PROFILE") or profiles.get("active")
    profile = profiles.get("profiles", {}).get(active, {})
    return bool(profile.get("PREFECT_API_URL"))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def read_credentials(settings: Settings) -> Credentials | None:
    """The credentials of the environment: an API key, or the account's own token; None when there are none.

    `UsageProblem` when they are there in part.
    """
    account, key = settings.account_sid, settings.api_key
    secret, token = settings.api_secret, settings.auth_token
    if not (account or key or secret or token):
        return None
    if account and key and secret:
        return Credentials(key, secret)
    if account and token and not (key or secret):
        return Credentials(account, token)
    needed = {"TWILIO_ACCOUNT_SID": account, "TWILIO_API_KEY": key, "TWILIO_API_SECRET": secret}
    missing = ", ".join(name for name, value in needed.items() if not value)
    raise UsageProblem(
        f"The credentials in the environment are incomplete: {missing} not set. {_HOW_TO_SET}."
    )


def live_target(
    settings: Settings, spec_store: str | None, credentials: Credentials | None, *, is_named: bool = False
) -> Target:
    """The real API, or whatever MEMORY_API_URL points at. `UsageProblem` names everything that is missing.

    `is_named`: the spec has the name of the store, which has to be looked up there.
    """
    problems = []
    store_id = "" if is_named else spec_store or settings.store_id
    if not store_id and not is_named:
        problems.append("No store: set `store` in the spec, or MEMORY_STORE_ID.")
    problems += check_store_id(store_id) + check_account(settings, credentials)
    if problems or credentials is None:
        raise UsageProblem(problems)
    return Target(settings.api_url, store_id, credentials, is_emulator=False)


def offline_target(settings: Settings, spec_store: str | None, *, is_named: bool = False) -> Target:
    """Where a plan would write to that asks nobody: it needs neither credentials nor a store."""
    store_id = "" if is_named else spec_store or settings.store_id
    if problems := check_store_id(store_id) + check_address(settings):
        raise UsageProblem(problems)
    return Target(settings.api_url, store_id, None, is_emulator=False)


def check_account(settings: Settings, credentials: Credentials | None) -> list[str]:
    """What is wrong with the way to an account."""
    missing = (
        []
        if credentials
        else [f"No credentials. {_HOW_TO_SET}; `memory-import run SPEC --emulator` tries a spec without any."]
    )
    return missing + check_address(settings)


def is_store_id(text: str) -> bool:
    """Whether a text has the form of a store's id."""
    return _STORE_ID.fullmatch(text) is not None


def check_store_id(store_id: str | None) -> list[str]:
    """What is wrong with the id of a store, where there is one."""
    if not store_id or is_store_id(store_id):
        return []
    return [
        f"The store is {store_id!r}; expected its id: mem_store_ or mem_service_ and 26 digits or small "
        "letters; or its name, as `store: {name: …}` in the spec."
    ]


def check_address(settings: Settings) -> list[str]:
    """What is wrong with where the environment says the API is."""
    problems = check_api_url(settings.api_url) if settings.memory_api_url else []
    if settings.conversations_api_url:
        problems += check_api_url(settings.conversations_url, "CONVERSATIONS_API_URL")
    if settings.region and not _REGION.fullmatch(settings.region):
        problems.append(f"TWILIO_REGION is {settings.region!r}; expected a region such as ie1 or au1.")
    return problems


def check_api_url(api_url: str, variable: str = "MEMORY_API_URL") -> list[str]:
    """What is wrong with an address of the API: it names no user, and plain http is for loopback alone."""
    if _is_acceptable(api_url):
        return []
    return [
        f"{variable} is {_without_user(api_url)!r}; it must be an https:// address without a user in it "
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
