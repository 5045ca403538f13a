"""The inputs of a run: each is opened once, by whoever asks first; copies are kept in the run's folder."""

import shutil
from contextlib import suppress
from pathlib import Path

from memory_import.sources.options import SourceOptions
from memory_import.sources.tabular import Source, open_source


class Sources:
    """The inputs of a run, by load. `folder` is made where something has to be copied to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, Source] = {}

    def open(self, load: str, options: SourceOptions) -> Source:
        """The input of a load. Raises SourceError when it cannot be opened."""
        if load not in self._opened:
            self._opened[load] = open_source(options, self.folder(load))
        return self._opened[load]

    def folder(self, load: str) -> Path:
        """Where the copies of a load are: of remote files, of those in archives, and of Parquet files."""
        return self._folder / load

    def release(self, load: str) -> None:
        """Removes the copies of a load once its rows are staged; those of Parquet hold what rejects were."""
        source = self._opened.pop(load, None)
        if source is None or not source.is_parquet:
            shutil.rmtree(self.folder(load), ignore_errors=True)

    def discard(self) -> None:
        """Removes all copies: no run came of them."""
        self._opened.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._folder.parent.rmdir()
