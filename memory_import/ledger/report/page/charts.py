"""The charts of the page: SVG that Pygal draws, without its script and style; the page's own style colours
it."""

import math
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from markupsafe import Markup

_SVG = "http://www.w3.org/2000/svg"
_WIDTH = 440
_LINE_HEIGHT, _AXIS_HEIGHT = 26, 44
_STEPS_HEIGHT = 150
_FEW = 5  # counts up to this are all on the axis
_LONGEST_LABEL = 24


def draw_bars(title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Markup:
    """A bar for each label, of a part for each of the series, whose name is the part's class in the style."""
    shown = {name: counts for name, counts in series.items() if any(counts)}
    chart = _pygal().HorizontalStackedBar(
        height=_LINE_HEIGHT * len(labels) + _AXIS_HEIGHT,
        formatter=_count,
        value_formatter=_short,
        x_labels=[_cut(label) for label in reversed(labels)],
        **_plain(),
    )
    for name, counts in shown.items():
        chart.add(name, [{"value": count, "label": name} for count in reversed(counts)])
    return _as_markup(chart, title, list(shown))


def draw_steps(title: str, name: str, steps: Sequence[tuple[float, float]]) -> Markup:
    """What held until so many seconds, as a line of steps with the area below it; `name` is its class."""
    starts = [0.0, *(seconds for seconds, _ in steps)]
    corners = [(at, value) for start, (end, value) in zip(starts, steps, strict=False) for at in (start, end)]
    most = max(value for _, value in steps)
    chart = _pygal().XY(
        height=_STEPS_HEIGHT,
        fill=True,
        show_dots=False,
        range=(0, most),
        y_labels=range(math.ceil(most) + 1) if most <= _FEW else None,
        xrange=(0, steps[-1][0]),
        formatter=_count,
        value_formatter=_short,
        x_value_formatter=lambda seconds: f"{seconds:,.4g} s",
        **_plain(),
    )
    chart.add(name, corners)
    return _as_markup(chart, title, [name])


@cache
def _pygal() -> Any:
    """Pygal, without the importer of maps that it installs: Python warns of that at every failing import."""
    import pygal
    import pygal.etree
    import pygal.style

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder) is not pygal.PluginImportFixer]
    return pygal


def _plain() -> dict[str, Any]:
    """What keeps Pygal from adding a script, a style or a legend; the page has a table beside each chart."""
    return {
        "width": _WIDTH,
        "js": [],
        "css": [],
        "show_legend": False,
        "truncate_label": -1,
        "style": _pygal().style.Style(
            label_font_size=13, major_label_font_size=13
        ),  # for the space that labels get
        "margin": 6,
        "margin_right": 28,  # the last number of an axis is wider than its mark
        "spacing": 8,
        "max_scale": 5,
    }


def _as_markup(chart: Any, title: str, names: Sequence[str]) -> Markup:
    """The drawing as an image with a name; what is pointed at tells its count."""
    root = chart.render_tree()
    for node in list(root):
        if not isinstance(node.tag, str) or node.tag in {"defs", "title"}:
            root.remove(node)
    for index, name in enumerate(names):
        for group in root.iterfind(f".//*[@class='series serie-{index} color-{index}']"):
            group.set("class", f"series {_class(name)}")
    for overlay in root.iterfind(".//*[@class='plot tooltip-overlay']"):
        overlay.clear()
    for node in root.iter():
        _describe_in_title(node)
    root.attrib.pop("id")
    root.set("role", "img")
    root.set("aria-label", title)
    root.set("xmlns", _SVG)
    etree = _pygal().etree.etree
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - the library escapes what it draws


def _describe_in_title(node: Any) -> None:
    """What Pygal's script would have read becomes what a browser shows by itself."""
    told = [child for child in node if child.tag == "desc"]
    words = {child.get("class"): child.text for child in told}
    for child in told:
        node.remove(child)
    for child in [child for child in node if child.tag == "title"]:
        node.remove(child)
    if "value" in words and "label" in words:
        _pygal().etree.etree.SubElement(node, "title").text = f"{words['label']}: {words['value']}"


def _class(name: str) -> str:
    return name.replace(" ", "-")


def _count(value: float) -> str:
    return f"{value:,.10g}"


def _short(value: float) -> str:
    """For an axis, where numbers stand side by side."""
    return f"{value / 1_000_000:,.4g} M" if value >= 1_000_000 else _count(value)


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
