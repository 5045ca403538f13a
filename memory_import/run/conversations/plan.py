"""What has to be done to the conversation configuration of a store, decided from what the account has.

Nothing is removed or switched off, and extraction is switched on last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from memory_import.destination.api.configurations import Configuration
from memory_import.destination.limits import CONFIGURATIONS_PER_ACCOUNT
from memory_import.spec.configuration import NAME_CHARACTERS, USUAL_GROUPING, ConfigurationSpec

Channels = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedConfiguration:
    """What a store's configuration is to be.

    `store_id`: None for a store that is yet to be created. `name`, `grouping`: None where any will do;
    `usual_name` is for one that is created. `channels` are in the API's own form. `has_extraction` False
    leaves the extraction as it is.
    """

    store_id: str | None
    usual_name: str
    name: str | None
    grouping: str | None
    channels: Channels
    has_extraction: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationChange:
    """A configuration to be created with this body, or the one of this id to be changed by it."""

    kind: Literal["create", "change"]
    words: str
    body: Mapping[str, Any]
    configuration_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationPlan:
    """Changes in the order in which they are made, what stays as it is, and what stands in the way."""

    changes: Sequence[ConfigurationChange] = ()
    kept: Sequence[str] = ()
    conflicts: Sequence[str] = ()


def wanted_configuration(
    spec: ConfigurationSpec, store_id: str | None, store_name: str
) -> WantedConfiguration:
    """What the spec asks for; a configuration to which it gives no name is called like the store."""
    return WantedConfiguration(
        store_id=store_id,
        usual_name=(store_name or store_id or "")[-NAME_CHARACTERS:],
        name=spec.name,
        grouping=spec.grouping,
        channels=spec.channel_settings,
        has_extraction=spec.extraction,
    )


def plan_configuration(wanted: WantedConfiguration, there: Sequence[Configuration]) -> ConfigurationPlan:
    """What has to be done; `there` are the configurations of the whole account."""
    of_store = [each for each in there if each.store_id == wanted.store_id]
    found = next((each for each in of_store if each.name == wanted.name), None)
    if found is None and len(of_store) > 1:
        return _conflict(
            f"The store has {len(of_store)} conversation configurations: {_names(of_store)}. Say in "
            "setup.conversations.name which of them is meant."
        )
    found = found or next(iter(of_store), None)
    name = wanted.name or (found.name if found else wanted.usual_name)
    taken = next((each for each in there if each.name == name and each not in of_store), None)
    if taken is not None:
        return _conflict(
            f"The name {name!r} is taken by a conversation configuration of another store "
            f"({taken.configuration_id} of {taken.store_id}). Choose another in setup.conversations.name."
        )
    if found is not None:
        return _plan_changes(wanted, found, name)
    if len(there) >= CONFIGURATIONS_PER_ACCOUNT:
        return _conflict(
            f"The account has {len(there)} conversation configurations, which is the limit: {_names(there)}. "
            "Remove one that is not needed in the Console."
        )
    return ConfigurationPlan(changes=[_create(wanted, name), *_switch_on(wanted, name, None)])


def _conflict(words: str) -> ConfigurationPlan:
    return ConfigurationPlan(conflicts=[words])


def _names(configurations: Sequence[Configuration]) -> str:
    return ", ".join(each.name for each in configurations)


def _create(wanted: WantedConfiguration, name: str) -> ConfigurationChange:
    grouping = wanted.grouping or USUAL_GROUPING
    return ConfigurationChange(
        kind="create",
        words=f"conversation configuration {name}: {grouping}{_describe(wanted.channels)}",
        body={
            "displayName": name,
            "description": f"Conversations of the store {wanted.store_id}",
            "conversationGroupingType": grouping,
            "memoryStoreId": wanted.store_id,
            "channelSettings": wanted.channels,
        },
    )


def _plan_changes(wanted: WantedConfiguration, found: Configuration, name: str) -> ConfigurationPlan:
    if wanted.grouping not in (None, found.grouping):
        return _conflict(
            f"The conversation configuration {found.name} of the store groups by {found.grouping}; the spec "
            f"says {wanted.grouping}. The grouping cannot be changed: say the same in "
            "setup.conversations.grouping or leave it out, or remove the configuration in the Console."
        )
    changes: list[ConfigurationChange] = []
    if found.name != name:
        words = f"conversation configuration {found.name}: call it {name}"
        changes.append(_change(found, words, {"displayName": name}))
    channels = _changed_channels(wanted.channels, found.channels)
    if channels:
        words = f"conversation configuration {name}{_describe(channels)}"
        changes.append(_change(found, words, {"channelSettings": channels}))
    changes += _switch_on(wanted, name, found)
    kept = [] if changes else [f"conversation configuration {name}"]
    return ConfigurationPlan(changes=changes, kept=kept)


def _changed_channels(wanted: Channels, there: Channels) -> dict[str, Any]:
    """The channels that differ, each with all its settings: the API replaces a channel as a whole."""
    merged = {name: _merge(there.get(name), settings) for name, settings in wanted.items()}
    return {name: settings for name, settings in merged.items() if settings != there.get(name)}


def _merge(there: Any, wanted: Any) -> Any:
    """What is there with what is wanted in it: members are set, items of lists added, nothing is removed."""
    if isinstance(there, dict) and isinstance(wanted, dict):
        return {**there, **{name: _merge(there.get(name), each) for name, each in wanted.items()}}
    if isinstance(there, list) and isinstance(wanted, list):
        return [*there, *(each for each in wanted if not any(_merge(item, each) == item for item in there))]
    return wanted


def _switch_on(
    wanted: WantedConfiguration, name: str, found: Configuration | None
) -> list[ConfigurationChange]:
    if not wanted.has_extraction or (found is not None and found.has_extraction):
        return []
    words = f"conversation configuration {name}: switch extraction on"
    return [_change(found, words, {"memoryExtractionEnabled": True})]


def _change(found: Configuration | None, words: str, body: Mapping[str, Any]) -> ConfigurationChange:
    return ConfigurationChange(
        kind="change",
        words=words,
        body=body,
        configuration_id=found.configuration_id if found else None,
    )


def _describe(channels: Channels) -> str:
    return f", settings of {', '.join(channels)}" if channels else ""
