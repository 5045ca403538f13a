"""Asynchronous work of the control plane, and GET Operations: what became of it."""

from memory_import.emulator.engine.account import COMPLETED
from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.clock import write_moment
from memory_import.emulator.http.calls import Call, Reply


def fetch_operation(call: Call) -> Reply:
    """The operation's status by the clock; ``Retry-After`` while it is not at its end."""
    operation = call.operation()
    status = operation.status_at(call.read_at)
    body: Json = {
        "operationId": operation.id,
        "status": status,
        "createdAt": write_moment(operation.created_at),
        "statusUrl": call.operation_address(operation),
    }
    headers = {"Operation-Id": operation.id}
    if status in {"PENDING", "RUNNING"}:
        headers["Retry-After"] = str(call.policy.operation_retry_after_seconds)
    else:
        body["completedAt"] = write_moment(operation.ends_at)
    if status == "COMPLETED" and operation.result_id:
        body["result"] = {"type": "RESOURCE_ID", "id": operation.result_id}
    if status == operation.ending.status and operation.ending.error:
        body["error"] = operation.ending.error
    return Reply(200, body, headers)


def accept(call: Call, kind: str, store_id: str, payload: Json, message: str, result_id: str) -> Reply:
    """Accept a change; the 202 says where to follow its operation. ``result_id`` is what it is about."""
    operation = call.account.operate(
        kind,
        store_id,
        payload,
        request_id=call.request_id,
        timing=call.plan.timing,
        result_id=result_id,
        ending=call.plan.ending or COMPLETED,
    )
    address = call.operation_address(operation)
    headers = {
        "Operation-Id": operation.id,
        "Location": address,
        "Retry-After": str(call.policy.operation_retry_after_seconds),
    }
    return Reply(202, {"message": message, "statusUrl": address}, headers)
