"""What the page shows, taken from the report: every number as it stands there, with its words beside it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from memory_import.errors import ExitCode
from memory_import.ledger.report.page.charts import draw_bars
from memory_import.ledger.report.page.progress import describe_progress
from memory_import.ledger.report.people.persons import describe_persons
from memory_import.ledger.report.plan import describe_forecast, find_left_out, name_person, show_example
from memory_import.ledger.report.verification import describe_in_words
from memory_import.ledger.report.words import (
    EXIT_MEANING,
    MEANING,
    headline,
    name_rows,
    next_steps,
    say_billing,
)
from memory_import.printable import printable_line

Explain = Callable[[str], tuple[str, str]]
"""Of a code, what it means and what to do about it."""

_MOST_LISTED = 40
_MOST_TRAITS = 100
_TRAITS_DRAWN = 20
_FATES = {
    "sent": "sent as it was",
    "changed": "changed and sent",
    "dropped": "left out",
    "superseded": "gave way to a later row",
    "not_sent": "not sent",
}
_TONES = {ExitCode.DONE: "good", ExitCode.REJECTS: "fair", ExitCode.PENDING: "fair"}


def describe_page(
    report: Mapping[str, Any], folder: str, explain: Explain, *, show_values: bool
) -> dict[str, Any]:
    """Everything that the template of the page names."""
    plan = report.get("plan")
    exit_code = report["exit_code"]
    return {
        "kind": "Plan" if plan else "Import",
        "name": report.get("name") or PurePath(report["spec"]).stem,
        "run_id": report["run_id"],
        "status": report["status"],
        "tone": _TONES.get(exit_code, "bad"),
        "headline": headline(report),
        "problems": list(report.get("problems", ())),
        "exit_code": exit_code,
        "exit_meaning": EXIT_MEANING.get(exit_code, "not finished yet"),
        "facts": _facts(report),
        "steps": next_steps(report, folder),
        "forecast": describe_forecast(plan) if plan else [],
        "persons": [_person(person) for person in plan["persons"]] if plan else [],
        "are_values_shown": show_values,
        "loads": [
            _load(name, load, explain, plan, show_values=show_values)
            for name, load in report["loads"].items()
        ],
        "progress": None if plan else describe_progress(report.get("progress", ())),
        "requests": report["requests"],
        "billing": say_billing(report),
        "timing": report["timing"],
    }


def _facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    target = report["target"]
    return [
        ("Spec", report["spec"]),
        ("Store", target["store_id"]),
        ("Service", f"{target['api_url']}{' (the local emulator)' if target['emulator'] else ''}"),
        ("Started", report["started_at"]),
        ("Ended", report["finished_at"] or "not yet"),
    ]


def _person(person: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "place": f"{PurePath(person['file']).name}, {name_person(person)}",
        "traits": [
            (trait, _plain(value), person["codes"].get(trait, ""))
            for trait, value in person["traits"].items()
        ]
        + [(trait, "", code) for trait, code in find_left_out(person)],
    }


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _load(
    name: str, load: Mapping[str, Any], explain: Explain, plan: Mapping[str, Any] | None, *, show_values: bool
) -> dict[str, Any]:
    rows = load["rows"]
    outcomes = [
        {"name": outcome.value, "rows": rows[outcome], "meaning": meaning}
        for outcome, meaning in MEANING.items()
        if rows[outcome]
    ]
    told = load if show_values else {**load, "shared_identifiers": []}
    verification = load.get("verification")
    return {
        "name": name,
        "read": rows["read"],
        "outcomes": outcomes,
        "outcome_chart": _draw_outcomes(name, rows["read"], outcomes),
        "sentences": [*describe_persons(told)[1:], *load.get("remarks", ())],
        "persons": load.get("persons", {}),
        "values": _values(name, load.get("traits", {}), plan),
        "dropped": _cut_codes(_dropped(load.get("traits", {}), load.get("dropped_rows", {}), explain)),
        "rejected": _cut_codes(_codes(load["reject_reasons"], load.get("rejected_rows", {}), explain)),
        "changed": _cut_codes(_codes(load["changes"], {}, explain)),
        "verification": describe_in_words(name, verification) if verification else [],
        "lookups": load.get("lookups"),
        "sent": None if plan else load["sent"],
        "batches": {state: count for state, count in load["batches"].items() if count},
        "files": _cut(list(load.get("files", ()))),
        "files_not_read": _cut(list(load.get("files_not_read", ()))),
    }


def _draw_outcomes(name: str, read: int, outcomes: Sequence[Mapping[str, Any]]) -> Any:
    if not read:
        return None
    told = ", ".join(f"{outcome['rows']:,} {outcome['name']}" for outcome in outcomes)
    series = {outcome["name"]: [outcome["rows"]] for outcome in outcomes}
    return draw_bars(f"Of {read:,} rows of {name}: {told}.", ["rows"], series)


def _values(name: str, traits: Mapping[str, Any], plan: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fates of the values by trait; those with most losses are drawn where there are many. `example`: of
    a plan, one that would be sent."""
    shown = [
        {
            "path": path,
            "read": fates["read"],
            "blank": fates["blank"],
            "filled": fates["filled"],
            **{fate: _total(fates[fate]) for fate in _FATES},
            "others_sent": fates["others"]["sent"],
            "others_dropped": _total(fates["others"]["dropped"]),
            "example": show_example(plan, path),
        }
        for path, fates in traits.items()
    ]
    drawn = shown
    if len(shown) > _TRAITS_DRAWN:
        drawn = sorted(shown, key=lambda trait: -trait["dropped"])[:_TRAITS_DRAWN]
    drawn = [trait for trait in drawn if trait["filled"]]
    series = {words: [trait[fate] for trait in drawn] for fate, words in _FATES.items()}
    labels = [printable_line(trait["path"]) for trait in drawn]
    title = f"What became of the values of {name}, trait by trait; the table has the same numbers."
    return {
        "traits": shown[:_MOST_TRAITS],
        "more": max(len(shown) - _MOST_TRAITS, 0),
        "has_examples": any(trait["example"] for trait in shown),
        "chart": draw_bars(title, labels, series) if drawn else None,
        "are_some_drawn": len(shown) > _TRAITS_DRAWN,
        "legend": [words for fate, words in _FATES.items() if any(trait[fate] for trait in drawn)],
    }


def _total(counts: int | Mapping[str, int]) -> int:
    return counts if isinstance(counts, int) else sum(counts.values())


def _dropped(traits: Mapping[str, Any], rows: Mapping[str, Any], explain: Explain) -> list[dict[str, Any]]:
    found = [
        (count, path, code)
        for path, fates in traits.items()
        for code, count in (Counter(fates["dropped"]) + Counter(fates["others"]["dropped"])).items()
    ]
    return [
        {"trait": path, **_code(code, count, rows.get(path, {}).get(code, ()), explain)}
        for count, path, code in sorted(found, key=lambda item: (-item[0], *item[1:]))
    ]


def _codes(counts: Mapping[str, int], rows: Mapping[str, Any], explain: Explain) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [_code(code, count, rows.get(code, ()), explain) for code, count in ordered]


def _code(code: str, count: int, places: Sequence[Sequence[Any]], explain: Explain) -> dict[str, Any]:
    meaning, remedy = explain(code)
    return {"code": code, "count": count, "first": name_rows(places), "meaning": meaning, "remedy": remedy}


def _cut(items: list[Any]) -> dict[str, Any]:
    """A table that ends somewhere: what is in it, and how much more there is."""
    return {"shown": items[:_MOST_LISTED], "more": max(len(items) - _MOST_LISTED, 0)}


def _cut_codes(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The same for codes; `usual_remedy` is what to do about several of them, to be said once."""
    remedies = Counter(line["remedy"] for line in lines).most_common(1)
    usual = next((remedy for remedy, count in remedies if count > 1), None)
    return {**_cut(lines), "usual_remedy": usual}
