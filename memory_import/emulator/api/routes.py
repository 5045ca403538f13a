"""Which handler answers which request, and which applier makes which change."""

from functools import partial

from memory_import.emulator.api import (
    bulk,
    configurations,
    identifiers,
    identity_settings,
    imports,
    memories,
    operations,
    profiles,
    recall,
    stores,
    trait_groups,
)
from memory_import.emulator.engine.account import Applier
from memory_import.emulator.http import inspection
from memory_import.emulator.http.calls import Handler

APPLIERS: dict[str, Applier] = {
    "add_identifier": identifiers.apply_add_identifier,
    "bulk": bulk.apply_bulk,
    "change_configuration": configurations.apply_change_configuration,
    "clock": inspection.apply_clock,
    "create_configuration": configurations.apply_create_configuration,
    "create_group": trait_groups.apply_create_group,
    "create_import": imports.apply_create_import,
    "create_memories": memories.apply_create,
    "create_store": stores.apply_create_store,
    "delete_configuration": configurations.apply_delete_configuration,
    "end_configuration": configurations.apply_end_configuration,
    "delete": profiles.apply_delete,
    "delete_group": trait_groups.apply_delete_group,
    "delete_identifier": identifiers.apply_delete_identifier,
    "delete_memory": memories.apply_delete,
    "delete_store": stores.apply_delete_store,
    "finish_import": imports.apply_finish_import,
    "patch": profiles.apply_patch,
    "patch_group": trait_groups.apply_patch_group,
    "patch_identifier": identifiers.apply_patch_identifier,
    "patch_memory": memories.apply_patch,
    "patch_store": stores.apply_patch_store,
    "provision_store": stores.apply_provision_store,
    "put_identity": identity_settings.apply_put_identity,
    "resolve": profiles.apply_resolve,
    "start_import": imports.apply_start_import,
    "store_status": stores.apply_store_status,
}

_STORES = "/v1/ControlPlane/Stores"
_STORE = _STORES + "/{store_id}"
_CONFIGURATIONS = "/v2/ControlPlane/Configurations"
_PROFILES = "/v1/Stores/{store_id}/Profiles"
_PROFILE = _PROFILES + "/{profile_id}"


def _memory_routes(path: str, kind: memories.Kind) -> dict[str, dict[str, Handler]]:
    return {
        _PROFILE + path: {
            "GET": partial(memories.list_all, kind=kind),
            "POST": partial(memories.create, kind=kind),
        },
        _PROFILE + path + "/{memory_id}": {
            "GET": partial(memories.fetch, kind=kind),
            "PATCH": partial(memories.patch, kind=kind),
            "DELETE": partial(memories.delete, kind=kind),
        },
    }


ROUTES: dict[str, dict[str, Handler]] = {
    _STORES: {"GET": stores.list_stores, "POST": stores.create_store},
    _STORE: {
        "GET": stores.fetch_store,
        "PATCH": stores.patch_store,
        "DELETE": stores.delete_store,
    },
    _STORE + "/IdentityResolutionSettings": {
        "GET": identity_settings.fetch_identity_settings,
        "PUT": identity_settings.put_identity_settings,
    },
    _STORE + "/TraitGroups": {
        "GET": trait_groups.list_trait_groups,
        "POST": trait_groups.create_trait_group,
    },
    _STORE + "/TraitGroups/{group_name}": {
        "GET": trait_groups.fetch_trait_group,
        "PATCH": trait_groups.patch_trait_group,
        "DELETE": trait_groups.delete_trait_group,
    },
    "/v1/ControlPlane/Operations/{operation_id}": {"GET": operations.fetch_operation},
    _CONFIGURATIONS: {
        "GET": configurations.list_configurations,
        "POST": configurations.create_configuration,
    },
    _CONFIGURATIONS + "/{configuration_id}": {
        "GET": configurations.fetch_configuration,
        "PUT": configurations.replace_configuration,
        "PATCH": configurations.patch_configuration,
        "DELETE": configurations.delete_configuration,
    },
    "/v2/ControlPlane/Operations/{operation_id}": {"GET": configurations.fetch_operation},
    _PROFILES: {"GET": profiles.list_profiles, "POST": profiles.create_profile},
    _PROFILES + "/Bulk": {"PUT": bulk.put_bulk},
    _PROFILES + "/Imports": {"GET": imports.list_imports, "POST": imports.create_import},
    _PROFILES + "/Imports/{import_id}": {"GET": imports.fetch_import},
    _PROFILES + "/Lookup": {"POST": identifiers.look_up},
    _PROFILE: {
        "GET": profiles.fetch_profile,
        "PATCH": profiles.patch_profile,
        "DELETE": profiles.delete_profile,
    },
    _PROFILE + "/Traits": {"GET": profiles.list_traits},
    _PROFILE + "/Identifiers": {"GET": identifiers.list_identifiers, "POST": identifiers.add_identifier},
    _PROFILE + "/Identifiers/{id_type}": {
        "GET": identifiers.fetch_identifier,
        "PATCH": identifiers.patch_identifier,
        "DELETE": identifiers.delete_identifier,
    },
    _PROFILE + "/Recall": {"POST": recall.recall},
    **_memory_routes("/Observations", memories.OBSERVATIONS),
    **_memory_routes("/ConversationSummaries", memories.SUMMARIES),
    _PROFILE + "/Observations/{memory_id}/Revisions": {"GET": memories.list_revisions},
}
