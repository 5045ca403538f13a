"""Conversation configurations and their operations, which the real API serves on a host of its own.

A wrong ``memoryStoreId`` is taken without a word, as by the real service. What happens to a configuration
while its creation is pending is unknown; here it is there once its operation is completed, and its name is
taken at once.
"""

from typing import cast

from memory_import.emulator.api.paging import cut_page
from memory_import.emulator.engine import limits
from memory_import.emulator.engine.account import COMPLETED, Account, Work
from memory_import.emulator.engine.checks import (
    Check,
    Json,
    array,
    boolean,
    checked,
    integer,
    mapping,
    one_of,
    record,
    text,
    without_nulls,
)
from memory_import.emulator.engine.clock import write_moment
from memory_import.emulator.engine.errors import ApiError, conflict, invalid, not_found
from memory_import.emulator.engine.ids import STORE_ID_PATTERN
from memory_import.emulator.engine.state import Configuration, Operation
from memory_import.emulator.http.calls import Call, Reply

_CHANNELS = ("VOICE", "SMS", "RCS", "WHATSAPP", "CHAT")
_DEFAULTS: Json = {"memoryExtractionEnabled": False}

_TIMEOUTS = record({"inactive": integer(low=1), "closed": integer(low=1)}, is_open=True)
_CAPTURE_RULE = record(
    {"from": text(), "to": text(), "metadata": mapping(text(), high=100)},
    required=["from", "to"],
    is_open=True,
)
_CHANNEL = record({"statusTimeouts": _TIMEOUTS, "captureRules": array(_CAPTURE_RULE)}, is_open=True)
_CALLBACK = record({"url": text(low=1), "method": one_of("POST", "GET")}, required=["url"], is_open=True)
_BRIDGE = record({"serviceId": text(pattern=r"IS[0-9a-f]{32}")}, required=["serviceId"], is_open=True)


def _check_channels(value: object, place: str) -> None:
    """Settings by channel; null, which takes a channel away, is for PATCH to allow."""
    mapping(lambda each, where: None if each is None else _CHANNEL(each, where), high=len(_CHANNELS))(
        value, place
    )
    for name in cast(Json, value):
        one_of(*_CHANNELS)(name, f"{place}, a channel,")


_FIELDS: dict[str, Check] = {
    "displayName": text(low=1, high=limits.MAX_CONFIGURATION_NAME_CHARACTERS, pattern=r"[a-zA-Z0-9\-_ ]+"),
    "description": text(high=limits.MAX_CONFIGURATION_DESCRIPTION_CHARACTERS),
    "conversationGroupingType": one_of(
        "GROUP_BY_PROFILE",
        "GROUP_BY_PARTICIPANT_ADDRESSES",
        "GROUP_BY_PARTICIPANT_ADDRESSES_AND_CHANNEL_TYPE",
    ),
    "memoryStoreId": text(),
    "channelSettings": _check_channels,
    "statusCallbacks": array(_CALLBACK, high=2),
    "intelligenceConfigurationIds": array(text(), high=5),
    "memoryExtractionEnabled": boolean,
    "conversationsV1Bridge": _BRIDGE,
}
_MANDATORY = ["description", "conversationGroupingType", "memoryStoreId"]
_CREATE = record(_FIELDS, required=["displayName", *_MANDATORY], is_open=True)
_REPLACE = record(_FIELDS, required=[*_MANDATORY, "channelSettings"], is_open=True)
_PATCH = record(_FIELDS, is_open=True)


def list_configurations(call: Call) -> Reply:
    """GET Configurations, the newest first; ``memoryStoreId`` filters."""
    store_id = call.query.get("memoryStoreId")
    if store_id is not None:
        text(pattern=STORE_ID_PATTERN)(store_id, "Query parameter memoryStoreId")
    page = cut_page(
        call,
        "configurations",
        list(call.account.configurations.values()),
        keep=lambda each: each.shown_at <= call.read_at and store_id in (None, each.fields["memoryStoreId"]),
    )
    shown = [_show(configuration.as_of(call.as_of)) for configuration in page.items]
    return Reply(200, {"configurations": shown, "meta": page.meta})


def _show(configuration: Configuration) -> Json:
    return {
        "id": configuration.id,
        **configuration.fields,
        "createdAt": write_moment(configuration.created_at),
        "updatedAt": write_moment(configuration.updated_at),
        "version": configuration.version,
    }


def fetch_configuration(call: Call) -> Reply:
    """GET one."""
    return Reply(200, _show(_find(call).as_of(call.as_of)))


def _find(call: Call) -> Configuration:
    found = call.account.configurations.get(call.path_params["configuration_id"])
    if found is None or found.shown_at > call.read_at:
        raise not_found("The configuration")
    return found


def create_configuration(call: Call) -> Reply:
    """POST: 202; 409 for a name that is taken. The same ``Idempotency-Key`` gets the first answer."""
    body = _read(call, _CREATE)
    if (first := _first_answer(call)) is not None:
        return first
    account = call.account
    _check_name(account, body["displayName"])
    if len(account.configurations) >= limits.MAX_CONFIGURATIONS_PER_ACCOUNT:
        raise invalid(
            f"The account has {limits.MAX_CONFIGURATIONS_PER_ACCOUNT} configurations, which is the limit."
        )
    configuration_id = account.ids.mint("configuration")
    reply = _accept(call, "end_configuration", configuration_id, {})
    operation = account.operations[reply.headers["Operation-Id"]]
    if operation.ending.is_applied:
        fields = {**_DEFAULTS, **_known(body)}
        payload: Json = {"configuration": configuration_id, "fields": fields, "shown_at": operation.ends_at}
        account.change("create_configuration", "", payload, request_id=call.request_id)
    return reply


def _read(call: Call, check: Check) -> Json:
    """The body without what is null, but for channels, where null has a meaning to PATCH."""
    body = call.json()
    if not isinstance(body, dict):
        raise invalid("body must be an object.")
    kept = {name: value for name, value in body.items() if value is not None}
    channels = kept.get("channelSettings")
    plain = cast(Json, without_nulls({name: kept[name] for name in kept if name != "channelSettings"}))
    if isinstance(channels, dict):
        plain["channelSettings"] = {
            name: None if each is None and check is _PATCH else without_nulls(each)
            for name, each in channels.items()
        }
    elif channels is not None:
        plain["channelSettings"] = channels
    return checked(plain, check)


def _known(body: Json) -> Json:
    return {name: body[name] for name in _FIELDS if name in body}


def _check_name(account: Account, name: object, *, own_id: str | None = None) -> None:
    for other in account.configurations.values():
        if other.fields["displayName"] == name and other.id != own_id:
            error = conflict("body.displayName is taken by another configuration of the account.")
            raise ApiError(error.status, error.code, error.message, {"X-Conflicting-Resource-Id": other.id})


def _first_answer(call: Call) -> Reply | None:
    """What an earlier request with the same ``Idempotency-Key`` was answered within the last 24 hours."""
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    text(pattern=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")(key, "Header Idempotency-Key")
    work = call.account.keyed.get(key)
    if work is None or work.operation is None:
        return None
    if call.account.clock.now() > work.accepted_at + limits.IDEMPOTENCY_SECONDS:
        return None
    return _reply(call, work.operation, cast(str, work.payload["configuration"]))


def _accept(call: Call, kind: str, configuration_id: str, payload: Json) -> Reply:
    whole: Json = {**payload, "configuration": configuration_id}
    if key := call.headers.get("idempotency-key"):
        whole["idempotency_key"] = key
    operation = call.account.operate(
        kind,
        "",
        whole,
        request_id=call.request_id,
        timing=call.plan.timing,
        result_id=configuration_id,
        ending=call.plan.ending or COMPLETED,
    )
    return _reply(call, operation, configuration_id)


def _reply(call: Call, operation: Operation, configuration_id: str) -> Reply:
    address = _operation_address(call, operation)
    headers = {
        "Operation-Id": operation.id,
        "Location": address,
        "Retry-After": str(call.policy.operation_retry_after_seconds),
    }
    body = {"statusUrl": address, "related": {"configurationId": configuration_id}}
    return Reply(202, body, headers)


def _operation_address(call: Call, operation: Operation) -> str:
    return call.address(f"/v2/ControlPlane/Operations/{operation.id}")


def apply_create_configuration(account: Account, work: Work, at: float) -> Json:
    configuration_id = cast(str, work.payload["configuration"])
    account.ids.claim("configuration", configuration_id)
    fields, shown_at = cast(Json, work.payload["fields"]), cast(float, work.payload["shown_at"])
    account.configurations[configuration_id] = Configuration(configuration_id, fields, at, at, shown_at)
    return {"configuration": configuration_id}


def apply_end_configuration(_account: Account, work: Work, _at: float) -> Json:
    """The clock makes a configuration visible; this only marks the end of the operation."""
    return {"configuration": work.payload["configuration"]}


def replace_configuration(call: Call) -> Reply:
    """PUT: everything is replaced; the grouping type cannot be changed."""
    return _change(call, _REPLACE, is_whole=True)


def patch_configuration(call: Call) -> Reply:
    """PATCH: what is named is changed; a channel that is null is taken away."""
    return _change(call, _PATCH, is_whole=False)


def _change(call: Call, check: Check, *, is_whole: bool) -> Reply:
    configuration = _find(call)
    body = _read(call, check)
    if (first := _first_answer(call)) is not None:
        return first
    grouping = configuration.fields["conversationGroupingType"]
    if body.get("conversationGroupingType", grouping) != grouping:
        raise invalid("body.conversationGroupingType cannot be changed once a configuration is there.")
    _check_name(call.account, body.get("displayName"), own_id=configuration.id)
    payload: Json = {"change": _known(body), "whole": is_whole}
    return _accept(call, "change_configuration", configuration.id, payload)


def apply_change_configuration(account: Account, work: Work, at: float) -> Json:
    configuration = account.configurations.get(cast(str, work.payload["configuration"]))
    if configuration is None:
        return {"skipped": "configuration is gone"}
    change = cast(Json, work.payload["change"])
    if work.payload["whole"]:
        kept: Json = {"displayName": configuration.fields["displayName"], **_DEFAULTS}
    else:
        kept = configuration.fields
        if "channelSettings" in change:
            merged = {**cast(Json, kept.get("channelSettings", {})), **cast(Json, change["channelSettings"])}
            settings = {name: each for name, each in merged.items() if each is not None}
            change = {**change, "channelSettings": settings}
    configuration.keep(at)
    configuration.fields = {**kept, **change}
    configuration.updated_at = at
    configuration.version += 1
    return {"configuration": configuration.id, "version": configuration.version}


def delete_configuration(call: Call) -> Reply:
    """DELETE one, for good."""
    configuration = _find(call)
    return _first_answer(call) or _accept(call, "delete_configuration", configuration.id, {})


def apply_delete_configuration(account: Account, work: Work, _at: float) -> Json:
    account.configurations.pop(cast(str, work.payload["configuration"]), None)
    return {"configuration": work.payload["configuration"]}


def fetch_operation(call: Call) -> Reply:
    """GET the operation of a configuration: PENDING to its end; RUNNING is in the document's prose alone."""
    operation = call.account.find_operation(call.path_params["operation_id"])
    if operation is None or not operation.id.startswith("proc_job_"):
        raise not_found("The operation")
    status = operation.status_at(call.read_at)
    body: Json = {
        "operationId": operation.id,
        "status": "PENDING" if status == "RUNNING" else status,
        "createdAt": write_moment(operation.created_at),
        "statusUrl": _operation_address(call, operation),
        "related": {"configurationId": operation.result_id},
    }
    if status == operation.ending.status:
        body["completedAt"] = write_moment(operation.ends_at)
        if operation.ending.error:
            body["error"] = {**operation.ending.error, "status": 400}
    return Reply(200, body)
