"""The charts of the page as SVG without script or style: the page's own style colours them."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

from markupsafe import Markup

_WIDTH = 440
_LINE_HEIGHT, _BAR_HEIGHT, _STEPS_HEIGHT = 26, 18, 106
_TOP, _RIGHT, _BOTTOM = 8, 28, 28  # the last number of an axis is wider than its mark
_CHARACTER_WIDTH, _GAP = 7.2, 8
_MOST_MARKS = 5
_LONGEST_LABEL = 24


def draw_bars(title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Markup:
    """A bar for each label, of a part for each of the series, whose name is the part's class in the style."""
    shown = [_cut(label) for label in labels]
    height = _LINE_HEIGHT * len(labels)
    longest = max(map(sum, zip(*series.values(), strict=True)), default=0)
    left = _space_for(shown)
    across = _scale(longest, left, _WIDTH - _RIGHT)
    rows = [_TOP + _LINE_HEIGHT * (at + 0.5) for at in range(len(labels))]
    parts = [
        _draw_part(name, count, across(start), across(end), middle)
        for at, middle in enumerate(rows)
        for (name, counts), (start, end) in zip(
            series.items(),
            pairwise(accumulate((counts[at] for counts in series.values()), initial=0)),
            strict=True,
        )
        if (count := counts[at])
    ]
    beside = [_text(left - _GAP, middle, label) for label, middle in zip(shown, rows, strict=True)]
    below = _draw_marks_below(((across(mark), _short(mark)) for mark in _marks(longest, 1)), height)
    return _draw(title, height, [below, _group("axis y", beside), *parts])


def draw_steps(title: str, name: str, steps: Sequence[tuple[float, float]]) -> Markup:
    """What held until so many seconds, as a line of steps with the area below it; `name` is its class."""
    most, seconds = max(value for _, value in steps), steps[-1][0]
    marks = _marks(most, 1)
    left = _space_for([_short(mark) for mark in marks])
    across = _scale(seconds, left, _WIDTH - _RIGHT)
    up = _scale(most, _TOP + _STEPS_HEIGHT, _TOP)
    line = "".join(f"V{up(value):.1f}H{across(end):.1f}" for end, value in steps)
    area = Markup('<path class="{}" d="M{:.1f} {:.1f}{}V{:.1f}Z"/>').format(
        name, across(0), up(0), line, up(0)
    )
    beside = [
        Markup('<path class="line" d="M{:.1f} {:.1f}H{}"/>').format(left, up(mark), _WIDTH - _RIGHT)
        + _text(left - _GAP, up(mark), _short(mark))
        for mark in marks
    ]
    times = ((across(mark), f"{mark:,.4g} s") for mark in _marks(seconds))
    return _draw(
        title, _STEPS_HEIGHT, [_draw_marks_below(times, _STEPS_HEIGHT), _group("axis y", beside), area]
    )


def _draw(title: str, height: float, content: Iterable[Markup]) -> Markup:
    return Markup('<svg xmlns="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        "http://www.w3.org/2000/svg", _WIDTH, _TOP + height + _BOTTOM, title, Markup().join(content)
    )


def _draw_part(name: str, count: int, start: float, end: float, middle: float) -> Markup:
    """A part of a bar; what is pointed at tells its count."""
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}"><title>{}: {:,}</title></rect>'
    ).format(name.replace(" ", "-"), start, middle - _BAR_HEIGHT / 2, end - start, _BAR_HEIGHT, name, count)


def _draw_marks_below(marks: Iterable[tuple[float, str]], height: float) -> Markup:
    drawn = [
        Markup('<path class="line" d="M{:.1f} {}v{}"/>').format(at, _TOP, height)
        + _text(at, _TOP + height + 14, words)
        for at, words in marks
    ]
    return _group("axis x", drawn)


def _group(name: str, content: Iterable[Markup]) -> Markup:
    return Markup('<g class="{}">{}</g>').format(name, Markup().join(content))


def _text(x: float, y: float, words: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" dominant-baseline="middle">{}</text>').format(x, y, words)


def _scale(most: float, first: float, last: float) -> Callable[[float], float]:
    """Where a value from 0 to `most` lies between two places."""
    return lambda value: first + (last - first) * value / (most or 1)


def _marks(most: float, least_step: float = 0.0) -> list[float]:
    """Round numbers up to `most`, a few of them, from zero."""
    if most <= 0:
        return [0.0]
    power = 10.0 ** math.floor(math.log10(most / _MOST_MARKS))
    step = next(power * factor for factor in (1, 2, 5, 10) if most / (power * factor) <= _MOST_MARKS)
    step = max(step, least_step)
    return [step * number for number in range(int(most / step) + 1)]


def _space_for(labels: Sequence[str]) -> float:
    return _GAP + _CHARACTER_WIDTH * max(map(len, labels), default=0)


def _short(value: float) -> str:
    """For an axis, where numbers stand side by side."""
    return f"{value / 1_000_000:,.4g} M" if value >= 1_000_000 else f"{value:,.10g}"


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
