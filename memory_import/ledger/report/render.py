"""The report as people read it: Markdown for files and for Prefect."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from memory_import.ledger.report.persons import describe_persons
from memory_import.ledger.report.plan import describe_forecast, list_persons
from memory_import.ledger.report.verification import describe_in_words
from memory_import.ledger.report.words import MEANING, headline
from memory_import.printable import printable_line


def render_markdown(report: Mapping[str, Any], explain_code: Callable[[str], str]) -> str:
    """The whole report; `explain_code` says what a reason or a change means."""
    target = report["target"]
    where = f"{target['api_url']}{' (emulator)' if target['emulator'] else ''}"
    plan = report.get("plan")
    lines = [
        f"# {'Plan' if plan else 'Import'} {report['run_id']}: {report['status']}",
        "",
        headline(report),
        "",
        f"- spec: `{printable_line(report['spec'])}`",
        f"- store: `{target['store_id']}` at {where}",
        f"- started {report['started_at']}, ended {report['finished_at']}, exit code {report['exit_code']}",
    ]
    if report["resume_command"]:
        lines.append(f"- to {'send it' if plan else 'go on'}: `{report['resume_command']}`")
    if plan:
        lines += ["", "## What it would do", "", *(f"- {line}" for line in describe_forecast(plan))]
        lines += ["", "Persons as they would be sent:", ""] if plan["persons"] else []
        lines += [f"- `{line}`" for line in list_persons(plan)]
    for name, load in report["loads"].items():
        lines += ["", f"## {name.capitalize()}", "", *_outcome_table(load["rows"])]
        lines += [line for sentence in describe_persons(load) for line in ("", sentence + ".")]
        lines += _value_table(load.get("traits", {}))
        lines += _dropped_table(load.get("traits", {}), load.get("dropped_rows", {}), explain_code)
        lines += _count_table("Why rows were rejected", "reason", load["reject_reasons"], explain_code)
        lines += _count_table("What was changed on the way", "change", load["changes"], explain_code)
        lines += [line for remark in load.get("remarks", ()) for line in ("", remark)]
        lines += _verification_list(name, load)
        if load.get("lookups"):
            made, spared = load["lookups"]["made"], load["lookups"]["spared"]
            lines += ["", f"{made:,} lookups found the profiles; {spared:,} more were spared."]
        batches = {state: count for state, count in load["batches"].items() if count}
        if not plan:
            lines += ["", f"{load['sent']:,} {name} were sent; batches: {_listed(batches)}."]
    requests = report["requests"]
    seconds = ", ".join(f"{stage} {spent:.1f}" for stage, spent in report["timing"].items())
    lines += [
        "",
        "## Requests",
        "",
        f"{requests['total']:,} requests, {requests['retries']:,} of them repeats; "
        f"answers: {_listed(requests['by_status']) or 'none'}.",
        "",
        f"Seconds by stage: {seconds}.",
        "",
    ]
    return "\n".join(lines)


def _verification_list(name: str, load: Mapping[str, Any]) -> list[str]:
    if not load.get("verification"):
        return []
    words = describe_in_words(name, load["verification"])
    return ["", "### What was read back", "", *(f"- {line}" for line in words)]


def _outcome_table(rows: Mapping[str, int]) -> list[str]:
    lines = ["| outcome | rows | |", "|---|---:|---|"]
    lines += [f"| {name} | {rows[name]:,} | {meaning} |" for name, meaning in MEANING.items() if rows[name]]
    return [*lines, f"| **read** | **{rows['read']:,}** | |"]


def _count_table(
    title: str, heading: str, counts: Mapping[str, int], explain_code: Callable[[str], str]
) -> list[str]:
    if not counts:
        return []
    lines = ["", f"### {title}", "", f"| {heading} | count | |", "|---|---:|---|"]
    return lines + [
        f"| {code} | {count:,} | {explain_code(code)} |"
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _value_table(traits: Mapping[str, Any]) -> list[str]:
    """The fates of the values, trait by trait; `beside` is what rows state of a trait beside its value."""
    if not traits:
        return []
    heading = "| trait | read | blank | sent | changed | dropped | superseded | not sent | beside |"
    lines = ["", "### What became of the values", "", heading, "|---|" + "---:|" * 8]
    for path, fates in traits.items():
        others = fates["others"]
        counts = [
            *(fates[name] for name in ("read", "blank", "sent")),
            *(sum(fates[name].values()) for name in ("changed", "dropped")),
            *(fates[name] for name in ("superseded", "not_sent")),
        ]
        beside = f"{others['sent']:,} sent, {sum(others['dropped'].values()):,} dropped"
        cells = " | ".join(f"{count:,}" for count in counts)
        lines.append(f"| {path} | {cells} | {beside if any(others.values()) else ''} |")
    return lines


def _dropped_table(
    traits: Mapping[str, Any], rows: Mapping[str, Any], explain_code: Callable[[str], str]
) -> list[str]:
    """Which values were dropped, and the first rows that had one."""
    dropped = [
        (path, code, count)
        for path, fates in traits.items()
        for code, count in sorted(
            (Counter(fates["dropped"]) + Counter(fates["others"]["dropped"])).items(),
            key=lambda item: (-item[1], item[0]),
        )
    ]
    if not dropped:
        return []
    lines = ["", "### Dropped values", "", "| trait | code | count | first in | |", "|---|---|---:|---|---|"]
    for path, code, count in dropped:
        places = rows.get(path, {}).get(code, ())
        first = "; ".join(f"row {row} of {PurePath(file).name}" for file, row in places)
        lines.append(f"| {path} | {code} | {count:,} | {first} | {explain_code(code)} |")
    return [*lines, "", "Each of them is in the file of dropped values."]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
