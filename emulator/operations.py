"""GET Operations: what became of asynchronous work."""

from emulator.checks import Json
from emulator.clock import write_moment
from emulator.http import Call, Reply


def fetch_operation(call: Call) -> Reply:
    """The operation's status by the clock; ``Retry-After`` while it is not at its end."""
    operation = call.operation()
    status = operation.status_at(call.account.clock.now())
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
    if status == "FAILED":
        body["error"] = operation.error
    return Reply(200, body, headers)
