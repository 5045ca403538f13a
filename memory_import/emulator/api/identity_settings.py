"""The control plane of a store's identity resolution settings."""

from memory_import.emulator.api.operations import accept
from memory_import.emulator.engine import identity
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.http.calls import Call, Reply, etag


def fetch_identity_settings(call: Call) -> Reply:
    """GET IdentityResolutionSettings."""
    settings = call.store_as_read().identity
    body = {
        "identifierConfigs": settings.configs,
        "matchingRules": settings.rules,
        "version": settings.version,
    }
    return Reply(200, body, {"ETag": etag(settings.version)})


def put_identity_settings(call: Call) -> Reply:
    """PUT IdentityResolutionSettings; what is stored already stays as it was normalised."""
    store = call.store()
    body = identity.read_settings(call.json())
    call.check_if_match(store.identity.version)
    payload: Json = {name: body[name] for name in ("identifierConfigs", "matchingRules")}
    return accept(call, "put_identity", store.id, payload, "Identity resolution settings accepted.", store.id)


def apply_put_identity(account: Account, work: Work, at: float) -> Json:
    store = account.stores.get(work.store_id)
    if store is None:
        return {"skipped": "store is gone"}
    store.keep(at)
    store.identity = identity.build_settings(work.payload, store.identity.version + 1)
    return {"store": store.id, "version": store.identity.version}
