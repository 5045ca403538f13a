"""What the page shows of a run over time: a small chart for each measure, and the numbers in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from memory_import.ledger.report.page.charts import draw_steps

_MEASURES = (
    ("rows_per_second", "Rows a second that the service took", "sent"),
    ("in_flight", "Requests under way at once, at most", "busy"),
    ("throttled", "Answers that asked to wait (429)", "throttled"),
    ("waited_percent", "Waiting because the service had asked to, in % of the time", "waited"),
)
"""What is drawn of a point: a member of it, what it is, and the class of its chart in the style."""


def describe_progress(points: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Charts of what there was, and the points; None where the service was asked nothing."""
    if not points:
        return None
    rows, seconds = points[-1]["rows"], points[-1]["seconds"]
    drawn = _with_percent(points)
    return {
        "charts": [_draw(drawn, *measure) for measure in _MEASURES if any(p[measure[0]] for p in drawn)],
        "points": points,
        "rows": rows,
        "seconds": seconds,
        "average": rows / seconds,
    }


def _with_percent(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    starts = [0.0, *(point["seconds"] for point in points)]
    return [
        {**point, "waited_percent": _percent(point["waited_seconds"], point["seconds"] - start)}
        for point, start in zip(points, starts, strict=False)
    ]


def _percent(part: float, whole: float) -> int:
    return min(round(100 * part / whole), 100) if whole > 0 else 0


def _draw(points: Sequence[Mapping[str, Any]], member: str, words: str, name: str) -> dict[str, Any]:
    steps = [(point["seconds"], point[member]) for point in points]
    most = max(value for _, value in steps)
    seconds = points[-1]["seconds"]
    title = f"{words}, over {seconds:,.1f} seconds: at most {most:,}. The table has the numbers."
    return {"words": words, "most": most, "chart": draw_steps(title, name, steps)}
