"""CSV imports: an import is created, its file put to an address of its own, its rows applied like profiles.

An empty cell overwrites with "", ``\\N`` deletes. Rows that cannot be taken are counted and otherwise lost.
"""

import csv
import hashlib
import io
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from memory_import.emulator.api.paging import cut_page
from memory_import.emulator.api.profiles import resolve, write_traits
from memory_import.emulator.engine import limits
from memory_import.emulator.engine.account import Account, Work
from memory_import.emulator.engine.checks import Json, array, checked_settings, integer, record, text
from memory_import.emulator.engine.clock import write_moment
from memory_import.emulator.engine.errors import invalid, not_found
from memory_import.emulator.engine.identity import find_matches
from memory_import.emulator.engine.ids import is_id
from memory_import.emulator.engine.state import Import, Store, Traits
from memory_import.emulator.engine.traits import all_promotions, find_problem, read_identifiers
from memory_import.emulator.http.calls import Call, Reply

_NAME = text(high=limits.MAX_NAME_CHARACTERS)
_MAPPING = record(
    {"columnName": _NAME, "traitGroup": _NAME, "traitName": _NAME},
    required=["columnName", "traitGroup", "traitName"],
)
_REQUEST = record(
    {
        "filename": text(high=255),
        "fileSize": integer(low=1, high=limits.MAX_IMPORT_BYTES),
        "columnMappings": array(_MAPPING, low=limits.MIN_COLUMN_MAPPINGS, high=limits.MAX_COLUMN_MAPPINGS),
    },
    required=["filename", "fileSize", "columnMappings"],
)
_DELETE_MARK = "\\N"


def create_import(call: Call) -> Reply:
    """POST Imports: 201 with the address for the file."""
    store = call.active_store()
    body = checked_settings(call.json(), _REQUEST)
    _check_mappings(store, cast(list[dict[str, str]], body["columnMappings"]))
    import_id = call.account.ids.mint("import")
    key = hashlib.sha256(f"{store.id} {import_id}".encode()).hexdigest()
    payload: Json = {"import": import_id, "key": key, "request": body}
    call.account.change("create_import", store.id, payload, request_id=call.request_id)
    address = call.address(f"/emulator/uploads/{store.id}/{import_id}?key={key}")
    return Reply(201, {"importId": import_id, "url": address})


def _check_mappings(store: Store, mappings: list[dict[str, str]]) -> None:
    for position, mapping in enumerate(mappings):
        group = store.trait_groups.get(mapping["traitGroup"])
        if group is None or mapping["traitName"] not in group.definitions:
            raise invalid(f"body.columnMappings[{position}] names a trait that is not declared.")
    named = {(mapping["traitGroup"], mapping["traitName"]) for mapping in mappings}
    if not any(promotion[:2] in named for promotion in all_promotions(store.trait_groups)):
        raise invalid("body.columnMappings names no trait that is promoted to an identifier.")


def apply_create_import(account: Account, work: Work, at: float) -> Json:
    import_id = cast(str, work.payload["import"])
    account.ids.claim("import", import_id)
    request, key = cast(Json, work.payload["request"]), cast(str, work.payload["key"])
    if store := account.stores.get(work.store_id):
        store.imports[import_id] = Import(import_id, key, request, at, at)
    return {"import": import_id}


def list_imports(call: Call) -> Reply:
    """GET Imports: ids, the newest first."""
    imports = list(call.active_store().imports.values())
    page = cut_page(call, "imports", imports, max_items=limits.MAX_IMPORT_PAGE_ITEMS)
    return Reply(200, {"imports": [each.id for each in page.items], "meta": page.meta})


def fetch_import(call: Call) -> Reply:
    """GET one import: its status, and bare counts of errors and warnings once it is through."""
    import_id = call.path_params["import_id"]
    if not is_id("import", import_id):
        raise invalid("importId does not have the form of an import id.")
    found = call.active_store().imports.get(import_id)
    if found is None:
        raise not_found("The import")
    body: Json = {
        "status": found.status,
        "createdAt": write_moment(found.created_at),
        "updatedAt": write_moment(found.updated_at),
        **found.request,
    }
    if found.summary is not None:
        body["summary"] = found.summary
    return Reply(200, body)


def upload_route(account: Account) -> Route:
    """PUT of the file to the address that the import was answered with; no login, as it is presigned."""

    async def endpoint(request: Request) -> Response:
        content = await request.body()
        account.settle()
        status = _take_file(account, request, content)
        account.commit()
        return Response(status_code=status)

    return Route("/emulator/uploads/{store_id}/{import_id}", endpoint, methods=["PUT"])


def _take_file(account: Account, request: Request, content: bytes) -> int:
    """200 once the file is in; 403 for a wrong, used or expired address, 400 for a wrong file."""
    store = account.stores.get(request.path_params["store_id"])
    found = store.imports.get(request.path_params["import_id"]) if store else None
    if store is None or found is None or request.query_params.get("key") != found.upload_key:
        return 403
    if found.is_uploaded or account.clock.now() > found.created_at + limits.UPLOAD_SECONDS:
        return 403
    if "authorization" in request.headers or len(content) != found.request["fileSize"]:
        return 400
    text_content = content.decode("utf-8", errors="replace")
    payload: Json = {"import": found.id}
    account.change("start_import", store.id, payload, request_id="upload")
    account.submit("finish_import", store.id, {**payload, "csv": text_content}, request_id="upload")
    return 200


def _find(account: Account, work: Work) -> tuple[Store, Import] | None:
    store = account.stores.get(work.store_id)
    found = store.imports.get(cast(str, work.payload["import"])) if store else None
    return None if store is None or found is None else (store, found)


def apply_start_import(account: Account, work: Work, at: float) -> Json:
    target = _find(account, work)
    if target is None:
        return {"skipped": "store is gone"}
    target[1].status, target[1].updated_at, target[1].is_uploaded = "PROCESSING", at, True
    return {"import": target[1].id}


def apply_finish_import(account: Account, work: Work, at: float) -> Json:
    target = _find(account, work)
    if target is None:
        return {"skipped": "store is gone"}
    store, found = target
    found.updated_at = at
    mappings = cast(list[dict[str, str]], found.request["columnMappings"])
    try:
        reader = csv.DictReader(io.StringIO(cast(str, work.payload["csv"]), newline=""), strict=True)
        is_whole = {mapping["columnName"] for mapping in mappings} <= set(reader.fieldnames or ())
        rows = list(reader) if is_whole else []
    except csv.Error:
        is_whole, rows = False, []
    if not is_whole:
        found.status = "FAILED"
        return {"import": found.id, "failed": "the file is no CSV with the mapped columns"}
    profile_ids, warnings = _apply_rows(account, store, mappings, rows, at)
    errors = profile_ids.count(None)
    found.status, found.summary = "COMPLETED", {"errors": errors, "warnings": warnings}
    return {"import": found.id, "profiles": profile_ids, "warnings": warnings}


def _apply_rows(
    account: Account,
    store: Store,
    mappings: list[dict[str, str]],
    rows: list[dict[str | None, str | list[str] | None]],
    at: float,
) -> tuple[list[str | None], int]:
    """The profile of each row, None where it could not be taken; and how many identifiers were unusable."""
    profile_ids: list[str | None] = []
    warnings = 0
    promotions = all_promotions(store.trait_groups)
    for row in rows:
        traits = _read_row(store, mappings, row)
        identifiers, skipped = read_identifiers(traits, promotions, store.identity)
        if not identifiers or None in row or find_problem(store.trait_groups, traits, nulls=True):
            profile_ids.append(None)
            continue
        profile, _, _ = resolve(account, store, identifiers, find_matches(store, identifiers), at)
        write_traits(profile, traits, at)
        profile_ids.append(profile.id)
        warnings += len(skipped)
    return profile_ids, warnings


def _read_row(
    store: Store, mappings: list[dict[str, str]], row: dict[str | None, str | list[str] | None]
) -> Traits:
    traits: Traits = {}
    for mapping in mappings:
        group, name, cell = mapping["traitGroup"], mapping["traitName"], row[mapping["columnName"]]
        declared = store.trait_groups.get(group)
        definition = declared.definitions.get(name) if declared else None
        if definition is not None and isinstance(cell, str):
            traits.setdefault(group, {})[name] = _read_cell(cell, cast(str, definition["dataType"]))
    return traits


def _read_cell(cell: str, data_type: str) -> object:
    """The value that a cell stands for; text that does not fit its type stays text, to be refused."""
    if cell == _DELETE_MARK:
        return None
    if data_type == "BOOLEAN" and cell.lower() in {"true", "false"}:
        return cell.lower() == "true"
    if data_type == "NUMBER":
        try:
            return int(cell)
        except ValueError:
            return cell
    return cell
