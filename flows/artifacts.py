"""What Prefect shows of a run, best effort: its progress, its report, and the table of its traits."""

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from memory_import.ledger.report.render import render_markdown
from memory_import.printable import printable_line
from memory_import.run.explain import explain_code
from memory_import.run.progress import RunProgress

_SECONDS = 2.0  # between two looks at how far a stage is
_STAGED, _DELIVERED = 30.0, 95.0  # percent of a run, once everything is staged, and once it is delivered
_MOST_LOADS = 3


class ShownProgress:
    """A progress artifact that moves with the stages of a run, and with the rows of the one that is slow.

    A run cannot end differently because Prefect does not take it.
    """

    def __init__(self, progress: RunProgress) -> None:
        self._progress = progress
        self._artifact: UUID | None = None
        self._showing: asyncio.Task[None] | None = None
        self._staged = self._delivered = 0
        self._percent = 0.0
        self._in_order = asyncio.Lock()

    async def __aenter__(self) -> Self:
        with contextlib.suppress(Exception):
            self._artifact = await acreate_progress_artifact(
                0.0, key="memory-import-progress", description="starting"
            )
            self._showing = asyncio.create_task(self._keep_showing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._showing is not None:
            self._showing.cancel()
            await asyncio.wait([self._showing])

    async def end_stage(self, name: str) -> None:
        """A stage, by the name of its task, has come to its end."""
        self._staged += name.startswith("read")
        self._delivered += name.startswith("deliver")
        await self._show(100.0 if name == "report" else self._estimate(0.0))

    def _estimate(self, share: float) -> float:
        """Percent of the whole run, of whose present delivery so large a share is done."""
        if not self._delivered and not share:
            return _STAGED * self._staged / _MOST_LOADS
        delivered = (self._delivered + share) / max(self._staged, 1)
        return _STAGED + (_DELIVERED - _STAGED) * min(delivered, 1.0)

    async def _keep_showing(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS)
            figures = self._progress.figures
            is_delivering = figures.requests > 0
            await self._show(self._estimate(figures.percent / 100.0 if is_delivering else 0.0))

    async def _show(self, percent: float) -> None:
        """Show it, where that is further than what is shown."""
        if self._artifact is None:
            return
        self._percent = max(self._percent, percent)
        async with self._in_order:  # else an update may overtake another one
            with contextlib.suppress(Exception):
                await aupdate_progress_artifact(
                    self._artifact, progress=self._percent, description=self._progress.figures.line
                )


async def publish(report: Mapping[str, Any], folder: str) -> None:
    """The report and the table of traits as artifacts; `report` names no customer."""
    with contextlib.suppress(Exception):  # the report is on disk
        await acreate_markdown_artifact(
            render_markdown(report, folder, explain_code), key="memory-import-report"
        )
        if rows := trait_rows(report):
            await acreate_table_artifact(
                rows, key="memory-import-traits", description="What became of the values, trait by trait"
            )


def trait_rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each trait of each load: how many rows have a value, and what became of the values."""
    return [
        {
            "load": name,
            "trait": printable_line(path),
            "filled": fates["filled"],
            "sent as it was": fates["sent"],
            "changed": sum(fates["changed"].values()),
            "left out": sum(fates["dropped"].values()),
            "gave way to a later row": fates["superseded"],
            "not sent": fates["not_sent"],
        }
        for name, load in report["loads"].items()
        for path, fates in load.get("traits", {}).items()
    ]
