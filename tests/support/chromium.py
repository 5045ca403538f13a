"""Debian's Chromium for tests that look at a page: without a network, and with a profile of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

_PATH = Path("/usr/bin/chromium")
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def open_browser(profile: Path, **options: Any) -> Iterator[BrowserContext]:
    """A browser whose profile is in this new folder; skips the test where there is none."""
    if not _PATH.exists():
        pytest.skip(f"there is no {_PATH}")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=str(_PATH), args=list(_OPTIONS), **options
        )
        context.set_default_timeout(60_000)
        try:
            yield context
        finally:
            context.close()
