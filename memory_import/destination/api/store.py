"""The store that is written to: is it ready, and does it declare what the spec sends?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from memory_import.destination.api.identity_settings import fetch_identity_settings
from memory_import.destination.api.stores import fetch_store
from memory_import.destination.api.trait_groups import fetch_trait_groups
from memory_import.destination.errors import StoreUnfit, UnexpectedAnswer
from memory_import.destination.http.client import Client, Request
from memory_import.destination.http.decisions import Refused
from memory_import.destination.http.routes import READ_PROFILE
from memory_import.destination.limits import LOOKUP_POLL_SECONDS

Normalization = Literal["phone", "email", "trim", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitUse:
    """A trait that the spec sends; `data_type` is STRING, NUMBER, BOOLEAN or ARRAY."""

    group: str
    name: str
    data_type: str

    @property
    def path(self) -> str:
        """`Group.trait`."""
        return f"{self.group}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A trait whose value the server promotes to an identifier, and how it normalises that value."""

    trait: str
    id_type: str
    normalization: Normalization


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSchema:
    """What a store declares: `data_types` and `promotions` by `Group.trait`, `normalizations` by id type."""

    status: str
    groups: frozenset[str]
    data_types: Mapping[str, str]
    promotions: Mapping[str, str]
    normalizations: Mapping[str, Normalization]

    def identifiers(self, uses: Iterable[TraitUse]) -> list[Identifier]:
        """Those of the used traits that the store promotes to identifiers."""
        return [
            Identifier(
                trait=use.path, id_type=id_type, normalization=self.normalizations.get(id_type, "trim")
            )
            for use in uses
            if (id_type := self.promotions.get(use.path)) is not None
        ]


async def fetch_schema(client: Client, store_id: str) -> StoreSchema:
    """Read a store's status, trait groups and identity settings. `StoreUnfit` when there is no such store."""
    store = await fetch_store(client, store_id)
    if store is None:
        raise StoreUnfit([f"There is no store {store_id} in this account."])
    groups = await fetch_trait_groups(client, store_id)
    settings = await fetch_identity_settings(client, store_id)
    traits = {
        f"{group.name}.{name}": definition for group in groups for name, definition in group.traits.items()
    }
    return StoreSchema(
        status=store.status,
        groups=frozenset(group.name for group in groups),
        data_types={path: definition["dataType"] for path, definition in traits.items()},
        promotions={
            path: definition["idTypePromotion"]
            for path, definition in traits.items()
            if definition.get("idTypePromotion")
        },
        normalizations={config["idType"]: config.get("normalization", "trim") for config in settings.configs},
    )


async def require_store(client: Client, store_id: str) -> None:
    """`StoreUnfit` when the store is not there any more."""
    if await fetch_store(client, store_id) is None:
        raise StoreUnfit([f"The store {store_id} is not there any more (HTTP 404, twice)."])


async def profile_exists(client: Client, store_id: str, profile_id: str) -> bool:
    """Whether a store, which must be there, has such a profile; one that is not there is asked for twice."""
    await require_store(client, store_id)
    path = READ_PROFILE.at(store_id=store_id, profile_id=profile_id)
    for _ in range(2):
        decision = await client.call(Request(route=READ_PROFILE, path=path))
        if not isinstance(decision, Refused):
            return True
        if decision.status != 404:
            raise UnexpectedAnswer("GET", path, decision.status, decision.code, decision.request_id)
        await client.throttle.rest(LOOKUP_POLL_SECONDS)
    return False


def check_status(schema: StoreSchema) -> list[str]:
    """What keeps anything at all from being sent to this store."""
    if schema.status == "ACTIVE":
        return []
    return [f"The store is {schema.status}; it must be ACTIVE before it takes anything."]


def check_identifiers(schema: StoreSchema, id_types: Iterable[str], *, must_create: bool) -> list[str]:
    """What keeps profiles from being found by these types or, with `must_create`, created by them."""
    promoted = set(schema.promotions.values())
    problems = []
    for id_type in id_types:
        if id_type not in schema.normalizations:
            hint = _nearest(id_type, schema.normalizations)
            problems.append(f"The store knows no identifier type {id_type!r}.{hint}")
        elif must_create and id_type not in promoted:
            problems.append(
                f"The store promotes no trait to {id_type}: a profile cannot be created from one."
            )
    return problems


def check_schema(
    schema: StoreSchema, uses: Sequence[TraitUse], identifiers: Sequence[str] | None
) -> list[str]:
    """Everything that keeps the spec's traits from being sent to this store, a sentence each.

    `identifiers` are the traits that the spec calls identifiers, None when it leaves that to the store.
    """
    problems = check_status(schema)
    missing_groups = sorted({use.group for use in uses} - schema.groups)
    problems += [
        f"The store has no trait group {group!r}.{_nearest(group, schema.groups)}" for group in missing_groups
    ]
    for use in uses:
        if use.group in schema.groups:
            problems += _check_trait(schema, use)
    problems += [
        f"The spec calls {path} an identifier, but the store does not promote it to one."
        for path in identifiers or ()
        if path in schema.data_types and path not in schema.promotions
    ]
    if not schema.identifiers(uses) and not problems:
        problems.append(
            "None of the spec's traits is promoted to an identifier in this store; the API refuses profiles "
            f"without one. Promoted are: {', '.join(sorted(schema.promotions)) or 'none'}."
        )
    return problems


def _check_trait(schema: StoreSchema, use: TraitUse) -> list[str]:
    declared = schema.data_types.get(use.path)
    if declared is None:
        prefix = f"{use.group}."
        names = [path.removeprefix(prefix) for path in schema.data_types if path.startswith(prefix)]
        return [f"The store does not declare {use.path}.{_nearest(use.name, names)}"]
    if declared != use.data_type:
        return [f"The store declares {use.path} as {declared}; the spec sends {use.data_type}."]
    return []


def _nearest(name: str, choices: Iterable[str]) -> str:
    match = get_close_matches(name, sorted(choices), n=1)
    return f" Did you mean {match[0]!r}?" if match else ""
