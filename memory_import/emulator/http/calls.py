"""A request as the handlers see it, the reply they give, and how parameters and bodies are read."""

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

import orjson

from memory_import.emulator.engine.account import Account
from memory_import.emulator.engine.clock import read_moment
from memory_import.emulator.engine.errors import (
    OPERATION_ID_INVALID,
    OPERATION_NOT_FOUND,
    STORE_ID_INVALID,
    STORE_NOT_ACTIVE,
    ApiError,
    invalid,
    not_found,
    stale,
    too_large,
)
from memory_import.emulator.engine.ids import is_id
from memory_import.emulator.engine.limits import MAX_REQUEST_BYTES
from memory_import.emulator.engine.state import Operation, Profile, Store
from memory_import.emulator.faults.plan import Plan


@dataclass(frozen=True, slots=True)
class Policy:
    """How the emulator behaves where the real service is unknown or has two faces."""

    bulk_answer: Literal["operation", "message"]
    row_failures: Literal["refuse", "skip", "fail"]
    shared_identifiers: Literal["refuse", "race"]
    operation_retry_after_seconds: int
    source_with_slash: bool
    reserved_names: Literal["take", "refuse"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API, past authentication."""

    account: Account
    policy: Policy
    plan: Plan
    request_id: str
    base_url: str
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def read_at(self) -> float:
        """The moment whose state is read: now, unless a fault shows an older one."""
        return self.account.clock.now() - self.plan.stale_seconds

    @property
    def as_of(self) -> float:
        """What was applied until then is shown: until `read_at` where a fault shows an older state, else
        everything. A clock that was set back takes nothing away."""
        return self.read_at if self.plan.stale_seconds else math.inf

    def shows(self, applied_at: float) -> bool:
        """Whether what was applied is read."""
        return applied_at <= self.as_of

    def store(self) -> Store:
        """The store named in the path."""
        store_id = self.path_params["store_id"]
        if not is_id("store", store_id):
            raise invalid("storeId does not have the form of a store id.", STORE_ID_INVALID)
        store = self.account.stores.get(store_id)
        if store is None:
            raise not_found("The store")
        return store

    def store_as_read(self) -> Store:
        """The store named in the path, with the settings that it shows."""
        store = self.store()
        if not self.shows(store.created_at):
            raise not_found("The store")
        return store.as_of(self.as_of)

    def active_store(self) -> Store:
        """The store named in the path, which must be ACTIVE for the data plane."""
        store = self.store()
        status = store.status_at(self.account.clock.now())
        if status != "ACTIVE":
            raise invalid(f"The store is {status}, not ACTIVE. Try again later.", STORE_NOT_ACTIVE)
        return store

    def profile(self, store: Store) -> Profile:
        """The profile named in the path, or the one that it was merged into."""
        profile_id = self.path_params["profile_id"]
        if not is_id("profile", profile_id):
            raise invalid("profileId does not have the form of a profile id.")
        profile = store.profiles.get(profile_id)
        if profile is None or profile.canonical().is_deleted or not self.shows(profile.created_at):
            raise not_found("The profile")
        return profile.canonical()

    def profile_in_place(self, store: Store, *, moved_status: int) -> Profile:
        """The profile named in the path; for a merged one ``Moved``, with ``moved_status``."""
        profile = self.profile(store)
        if profile.id == self.path_params["profile_id"]:
            return profile
        raise Moved(moved_status, self.address(self._canonical_path(profile)), profile.id)

    def _canonical_path(self, profile: Profile) -> str:
        path = self.path.replace(self.path_params["profile_id"], profile.id, 1)
        query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in self.query.items())
        return f"{path}?{query}" if query else path

    def canonical_header(self, profile: Profile) -> dict[str, str]:
        """The header that tells of a merge where the answer itself is given."""
        is_moved = profile.id != self.path_params["profile_id"]
        return {"Canonical-Profile-Id": profile.id} if is_moved else {}

    def address(self, path: str) -> str:
        return f"{self.base_url}{path}"

    def operation_address(self, operation: Operation) -> str:
        return self.address(f"/v1/ControlPlane/Operations/{operation.id}")

    def operation(self) -> Operation:
        """The operation named in the path."""
        operation_id = self.path_params["operation_id"]
        if not is_id("operation", operation_id):
            raise invalid("operationId does not have the form of an operation id.", OPERATION_ID_INVALID)
        operation = self.account.find_operation(operation_id)
        if operation is None:
            raise ApiError(
                404,
                OPERATION_NOT_FOUND,
                "The operation was not found. It may have ended more than 7 days ago.",
            )
        return operation

    def check_if_match(self, version: int) -> None:
        """Raise the 412 when the request names another version than this."""
        if self.headers.get("if-match") not in (None, "*", etag(version)):
            raise stale()

    def json(self, *, may_be_compressed: bool = False, may_be_empty: bool = False) -> object:
        """The body as JSON. ``may_be_empty`` reads no body as an empty object."""
        if may_be_empty and not self.body:
            return {}
        content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise invalid("Content-Type must be application/json.")
        try:
            return orjson.loads(self._plain_body(may_be_compressed))
        except orjson.JSONDecodeError as error:
            raise invalid(f"The body is not JSON: {error.msg} at character {error.pos}.") from error

    def _plain_body(self, may_be_compressed: bool) -> bytes:
        coding = self.headers.get("content-encoding", "identity").lower()
        if coding == "identity":
            return self.body
        window_bits = _WINDOW_BITS.get(coding)
        if window_bits is None or not may_be_compressed:
            raise invalid(f"Content-Encoding {coding!r} is not supported here.")
        unpack = zlib.decompressobj(window_bits)
        try:
            plain = unpack.decompress(self.body, MAX_REQUEST_BYTES)
        except zlib.error as error:
            raise invalid(f"The body is not {coding}.") from error
        if unpack.unconsumed_tail:
            raise too_large(MAX_REQUEST_BYTES)
        if not unpack.eof:
            raise invalid(f"The body is not {coding}: it breaks off.")
        return plain

    def query_integer(self, name: str, *, default: int, low: int, high: int) -> int:
        raw = self.query.get(name)
        if raw is None:
            return default
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            raise invalid(f"Query parameter {name} must be an integer from {low} to {high}.")
        return int(raw)

    def query_flag(self, name: str, *, default: bool) -> bool:
        raw = self.query.get(name)
        if raw is None:
            return default
        if raw.lower() not in {"true", "false"}:
            raise invalid(f"Query parameter {name} must be true or false.")
        return raw.lower() == "true"

    def query_moment(self, name: str) -> float | None:
        raw = self.query.get(name)
        if raw is None:
            return None
        # A plus that was not escaped arrives as a space.
        moment = read_moment(raw.replace(" ", "+"))
        if moment is None:
            raise invalid(f"Query parameter {name} must be an RFC 3339 timestamp.")
        return moment

    def query_names(self, name: str) -> set[str] | None:
        raw = self.query.get(name)
        if raw is None:
            return None
        if not 1 <= len(raw) <= 256:
            raise invalid(f"Query parameter {name} must have 1 to 256 characters.")
        return set(raw.split(","))


def etag(version: int) -> str:
    """The entity tag of a version, quoted as HTTP has it."""
    return f'"v{version}"'


_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose ``body`` becomes JSON."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Reply]


class Moved(Exception):
    """The profile was merged; reads are answered 301 and writes 308, with the canonical address."""

    def __init__(self, status: int, address: str, profile_id: str) -> None:
        super().__init__("This resource has moved.")
        self.status = status
        self.address = address
        self.profile_id = profile_id

    def reply(self) -> Reply:
        body = {"message": "This resource has moved.", "uri": self.address}
        return Reply(self.status, body, {"Location": self.address, "Canonical-Profile-Id": self.profile_id})
