"""The identity resolution settings of a store: its identifier types and the order in which they match."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memory_import.destination.api.control_plane import Written, read, write
from memory_import.destination.http.client import Client
from memory_import.destination.http.routes import READ_IDENTITY, WRITE_IDENTITY


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """`configs` as the API writes them, one a type; `rules` are types, the first matches first."""

    configs: Sequence[Mapping[str, Any]]
    rules: Sequence[str]
    etag: str | None = None

    @property
    def id_types(self) -> frozenset[str]:
        """The identifier types that the store knows."""
        return frozenset(config["idType"] for config in self.configs)


async def fetch_identity_settings(client: Client, store_id: str) -> IdentitySettings:
    """The settings with the ETag that a change of them has to name."""
    answer = await read(client, READ_IDENTITY, store_id=store_id)
    return IdentitySettings(
        configs=answer.document.get("identifierConfigs", ()),
        rules=answer.document.get("matchingRules", ()),
        etag=answer.headers.get("etag"),
    )


async def replace_identity_settings(client: Client, store_id: str, settings: IdentitySettings) -> Written:
    """Put the settings, if those of the store still have their ETag (412 else)."""
    body = {"identifierConfigs": list(settings.configs), "matchingRules": list(settings.rules)}
    return await write(client, WRITE_IDENTITY, body, if_match=settings.etag, store_id=store_id)
