"""Pages of a list: where one begins, which items it holds, where the next and the previous begin."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from memory_import.emulator.engine.checks import Json
from memory_import.emulator.engine.errors import invalid
from memory_import.emulator.engine.limits import DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS
from memory_import.emulator.http.calls import Call

Item = TypeVar("Item")
_MAX_TOKEN_CHARACTERS = 4096


class Page(NamedTuple, Generic[Item]):
    """Some items of a list, and the ``meta`` object that goes with them."""

    items: list[Item]
    meta: Json


def cut_page(
    call: Call,
    key: str,
    items: Sequence[Item],
    *,
    keep: Callable[[Item], bool] = lambda _: True,
    max_items: int = MAX_PAGE_ITEMS,
    hard_max_items: int = MAX_PAGE_ITEMS,
    default_order: str = "DESC",
) -> Page[Item]:
    """The page that the request's pageSize, pageToken and orderBy ask for, of ``items`` oldest first.

    pageSize may be asked up to ``hard_max_items``; a page never holds more than ``max_items``. A token names
    a place in the list, so items that are added meanwhile are neither skipped nor repeated.
    """
    asked = call.query_integer("pageSize", default=DEFAULT_PAGE_ITEMS, low=1, high=hard_max_items)
    size = min(asked, max_items)
    order = call.query.get("orderBy", default_order)
    if order not in {"ASC", "DESC"}:
        raise invalid("Query parameter orderBy must be ASC or DESC.")
    step = 1 if order == "ASC" else -1
    first = 0 if step == 1 else len(items) - 1
    start = _read_token(call.query.get("pageToken"), first, len(items))
    kept, following = _walk(items, keep, start, step, size)
    before, _ = _walk(items, keep, start - step, -step, size)
    meta: Json = {"key": key, "pageSize": size}
    if call.plan.repeat_page:
        meta["nextToken"] = _write_token(max(start, 0))
    elif following is not None:
        meta["nextToken"] = _write_token(following)
    if before:
        meta["previousToken"] = _write_token(before[-1])
    return Page([items[position] for position in kept], meta)


def _walk(
    items: Sequence[Item], keep: Callable[[Item], bool], start: int, step: int, size: int
) -> tuple[list[int], int | None]:
    """Positions of up to ``size`` kept items from ``start`` on, and of the one after them, if any."""
    kept: list[int] = []
    position = start
    while 0 <= position < len(items):
        if keep(items[position]):
            if len(kept) == size:
                return kept, position
            kept.append(position)
        position += step
    return kept, None


def _write_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def _read_token(token: str | None, default: int, count: int) -> int:
    if token is None:
        return default
    try:
        label, _, digits = base64.b64decode(token.encode(), altchars=b"-_", validate=True).partition(b":")
        position = int(digits)
    except (binascii.Error, ValueError) as error:
        raise invalid("Query parameter pageToken was not given out by this API.") from error
    if label != b"at" or len(token) > _MAX_TOKEN_CHARACTERS or not 0 <= position < max(count, 1):
        raise invalid("Query parameter pageToken was not given out by this API.")
    return position
