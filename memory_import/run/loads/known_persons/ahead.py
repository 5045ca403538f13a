"""Two threads instead of one for what is made some at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl


def make_ahead(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same frames; another thread makes the next one while one is used."""
    with ThreadPoolExecutor(1) as aside:
        coming = aside.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = aside.submit(next, frames, None)
            yield frame
