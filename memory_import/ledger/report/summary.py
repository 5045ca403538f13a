"""The report in a few lines for the terminal."""

from collections.abc import Iterable, Mapping
from typing import Any

from memory_import.ledger.report.outcomes import Outcome
from memory_import.ledger.report.people.persons import describe_persons
from memory_import.ledger.report.plan import describe_forecast, list_persons, show_example
from memory_import.ledger.report.verification import describe_in_words
from memory_import.ledger.report.words import MEANING, headline, next_step, say_files
from memory_import.printable import counted, printable_line

_CODES_SHOWN = 5
_BAR = {
    "█": (Outcome.VERIFIED, Outcome.COMPLETED, Outcome.ACCEPTED),
    "▓": (Outcome.MERGED, Outcome.UNCHANGED, Outcome.EXCLUDED),
    "░": (Outcome.PENDING, Outcome.PLANNED),
    "▒": (Outcome.REJECTED, Outcome.UNKNOWN),
}
"""The parts of a bar: in the store, nothing to send, still to send, rejected or in doubt."""

_FATES = {
    "filled": "filled",
    "as it was": "sent",
    "changed": "changed",
    "left out": "dropped",
    "replaced": "superseded",
    "not sent": "not_sent",
}
"""The headings of the table of values, and the fates below them."""
_ALWAYS_SHOWN = frozenset({"filled", "sent", "changed", "dropped"})


def render_summary(
    report: Mapping[str, Any], folder: str, *, bar_width: int = 0, says_why: bool = False
) -> str:
    """What became of the rows and of the values, why rows were rejected, where to read more, what to do next.

    `bar_width`: characters of a bar of outcomes for each load; 0 shows none. `says_why`: why a run ended
    early, for readers who were not told when it did.
    """
    plan = report.get("plan")
    lines = [f"{'Plan' if plan else 'Run'} {report['run_id']}: {report['status']}. {headline(report)}"]
    if says_why:
        lines += [f"  it ended early: {problem}" for problem in report.get("problems", ())]
    for name, load in report["loads"].items():
        lines += ["", *_load_lines(name, load, bar_width, plan)]
    if plan:
        lines += ["", "  applying it", *(f"    {line}" for line in describe_forecast(plan))]
        lines += ["  persons as they would be sent"] if plan["persons"] else []
        lines += [f"    {line}" for line in list_persons(plan)]
    requests = report["requests"]
    lines.append("")
    if requests["total"]:
        repeats = f", {requests['retries']:,} of them repeated" if requests["retries"] else ""
        lines.append(f"  {counted(requests['total'], 'request')}{repeats}")
    lines.append(f"  report: {folder}/report.html (as text: report.md)")
    return "\n".join(map(printable_line, [*lines, f"Next: {next_step(report, folder)}"]))


def _load_lines(
    name: str, load: Mapping[str, Any], bar_width: int, plan: Mapping[str, Any] | None
) -> list[str]:
    rows = load["rows"]
    counts = [(rows[outcome], outcome, MEANING[outcome]) for outcome in MEANING if rows[outcome]]
    lines = [f"  {name}: {counted(rows['read'], 'row')} read"]
    lines += [f"    {_bar(rows, bar_width)}"] if bar_width and rows["read"] else []
    lines += [f"    {count:>9,}  {outcome.value:<9}  {meaning}" for count, outcome, meaning in counts]
    sentences = (*say_files(load), *describe_persons(load), *load.get("remarks", ()))
    lines += [f"    {sentence}" for sentence in sentences]
    if load.get("verification"):
        lines += [f"    {line}" for line in describe_in_words(name, load["verification"])]
    lines += _count_lines("why rows are rejected", load["reject_reasons"])
    lines += _value_lines(load.get("traits", {}), plan)
    return lines + _count_lines("what was changed on the way", load["changes"])


def _count_lines(title: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"    {title}", *(f"    {count:>9,}  {code}" for code, count in ordered[:_CODES_SHOWN])]
    left = len(ordered) - _CODES_SHOWN
    return lines + ([f"               and {left} more codes in the report"] if left > 0 else [])


def _value_lines(traits: Mapping[str, Any], plan: Mapping[str, Any] | None) -> list[str]:
    """The values of each trait: how many rows have one, and what became of them; they add up. Of a plan with
    one that would be sent."""
    if not traits:
        return []
    width = max(len("values"), *map(len, traits))
    shown = {
        heading: fate
        for heading, fate in _FATES.items()
        if fate in _ALWAYS_SHOWN or any(_total(fates[fate]) for fates in traits.values())
    }
    example = "  example" * bool(plan and plan["examples"])
    lines = [f"    {'values':<{width}}" + _columns("", shown) + example]
    for path, fates in traits.items():
        rate = f"{fates['filled'] / fates['read']:.0%}" if fates["read"] else ""
        counts = _columns(rate, [f"{_total(fates[fate]):,}" for fate in shown.values()])
        lines.append(f"    {path:<{width}}{counts}  {show_example(plan, path)}".rstrip())
    return lines


def _columns(rate: str, cells: Iterable[str]) -> str:
    """The rate stands behind the first cell."""
    first, *others = cells
    return f"  {first:>9}{rate:>6}" + "".join(f"  {cell:>9}" for cell in others)


def _total(counts: int | Mapping[str, int]) -> int:
    return counts if isinstance(counts, int) else sum(counts.values())


def _bar(rows: Mapping[str, int], width: int) -> str:
    """One sign for each share of the rows, in the order of `_BAR`; no part that there is vanishes."""
    parts = [(sign, sum(rows[outcome] for outcome in outcomes)) for sign, outcomes in _BAR.items()]
    bar = "".join(sign * max(1, round(width * count / rows["read"])) for sign, count in parts if count)
    return bar[:width] if len(bar) <= width else bar[: width - 1] + bar[-1]
