"""What the page shows of a run over time: a small chart for each measure, and the numbers in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from memory_import.ledger.report.page.charts import draw_steps

_MEASURES = (
    ("rows_per_second", "Rows a second that the service took", "sent"),
    ("in_flight", "Requests under way at once, at most", "busy"),
    ("throttled", "Answers that asked to wait (429)", "throttled"),
    ("waited_seconds", "Seconds in which nothing could leave, as the service had asked", "waited"),
)
"""Of a point of the report's progress, a member, what it is, and the class of its chart in the style."""


def describe_progress(points: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Charts of what there was, and the points; None where the service was asked nothing."""
    if not points:
        return None
    rows, seconds = points[-1]["rows"], points[-1]["seconds"]
    return {
        "charts": [_draw(points, *measure) for measure in _MEASURES if any(p[measure[0]] for p in points)],
        "points": points,
        "rows": rows,
        "seconds": seconds,
        "average": rows / seconds,
    }


def _draw(points: Sequence[Mapping[str, Any]], member: str, words: str, name: str) -> dict[str, Any]:
    steps = [(point["seconds"], point[member]) for point in points]
    most = max(value for _, value in steps)
    seconds = points[-1]["seconds"]
    title = f"{words}, over {seconds:,.1f} seconds: at most {most:,}. The table has the numbers."
    return {"words": words, "most": most, "chart": draw_steps(title, name, steps)}
