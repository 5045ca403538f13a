"""Listings, page by page; one whose pages go in a circle is no answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from memory_import.destination.errors import ServiceUnavailable
from memory_import.destination.limits import LISTING_TRIES

ReadPage = Callable[[Mapping[str, str]], Awaitable[Mapping[str, Any]]]


async def read_pages(read_page: ReadPage, name: str, params: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """All that a listing holds under `name`.

    Where a page names one that was read before, the listing is read anew, a few times; then it raises
    `ServiceUnavailable`.
    """
    for _ in range(LISTING_TRIES):
        listed = await _read_through(read_page, name, params)
        if listed is not None:
            return listed
    raise ServiceUnavailable(LISTING_TRIES, f"the pages of {name} lead in a circle")


async def _read_through(
    read_page: ReadPage, name: str, params: Mapping[str, str]
) -> list[Mapping[str, Any]] | None:
    listed: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    token: str | None = None
    while True:
        page = await read_page(params if token is None else {**params, "pageToken": token})
        listed.extend(page[name])
        token = (page.get("meta") or {}).get("nextToken")
        if not token:
            return listed
        if token in seen:
            return None
        seen.add(token)
