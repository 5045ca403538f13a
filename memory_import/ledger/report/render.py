"""The report as people read it: Markdown for files and for Prefect."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from memory_import.ledger.report.markdown import as_code, as_prose, escape
from memory_import.ledger.report.people.persons import describe_persons
from memory_import.ledger.report.plan import describe_forecast, list_persons, show_example
from memory_import.ledger.report.verification import describe_in_words
from memory_import.ledger.report.words import (
    EXIT_MEANING,
    MEANING,
    headline,
    name_rows,
    next_steps,
    say_billing,
)
from memory_import.printable import counted

_MOST_TRAITS, _MOST_LISTED = 100, 40  # lines of a table


def render_markdown(report: Mapping[str, Any], folder: str, explain_code: Callable[[str], str]) -> str:
    """The whole report; `explain_code` says what a reason or a change means, `folder` is the run's own."""
    target = report["target"]
    where = f"{escape(target['api_url'])}{' (emulator)' if target['emulator'] else ''}"
    plan = report.get("plan")
    exit_code = report["exit_code"]
    lines = [
        f"# {'Plan' if plan else 'Import'} {report['run_id']}: {report['status']}",
        "",
        headline(report),
        "",
        f"- spec: {as_code(report['spec'])}",
        f"- store: {as_code(target['store_id'])} at {where}",
        f"- as a page: {as_code(f'{folder}/report.html')}",
        f"- started {report['started_at']}, ended {report['finished_at'] or 'not yet'}",
        f"- exit code {exit_code}: {EXIT_MEANING.get(exit_code, 'not finished yet')}",
    ]
    lines += [line for problem in report.get("problems", ()) for line in ("", f"**{as_prose(problem)}**")]
    lines += ["", "What to do next:", ""]
    lines += [f"- {as_code(step.command)}: {as_prose(step.purpose)}" for step in next_steps(report, folder)]
    if plan:
        forecast = describe_forecast(plan)
        lines += ["", "## What it would do", "", *(f"- {escape(line)}" for line in forecast)]
        lines += ["", "Persons as they would be sent:", ""] if plan["persons"] else []
        lines += [f"- {as_code(line)}" for line in list_persons(plan)]
    for name, load in report["loads"].items():
        lines += _load_section(name, load, explain_code, plan)
    requests = report["requests"]
    seconds = ", ".join(f"{escape(stage)} {spent:,.1f}" for stage, spent in report["timing"].items())
    lines += [
        "",
        "## Requests",
        "",
        f"{counted(requests['total'], 'request')}, {requests['retries']:,} of them repeated; "
        f"answers: {_listed(requests['by_status']) or 'none'}.",
        "",
        *([] if plan else [say_billing(report), ""]),
        f"Seconds by stage: {seconds}.",
        "",
    ]
    return "\n".join(lines)


def _load_section(
    name: str, load: Mapping[str, Any], explain_code: Callable[[str], str], plan: Mapping[str, Any] | None
) -> list[str]:
    lines = ["", f"## {name.capitalize()}", "", *_outcome_table(load["rows"])]
    lines += [line for sentence in describe_persons(load) for line in ("", escape(sentence) + ".")]
    lines += _file_table(load)
    lines += _value_table(load.get("traits", {}), plan)
    lines += _dropped_table(load.get("traits", {}), load.get("dropped_rows", {}), explain_code)
    lines += _count_table(
        "Why rows are rejected", load["reject_reasons"], load.get("rejected_rows", {}), explain_code
    )
    lines += _count_table("What was changed on the way", load["changes"], {}, explain_code)
    lines += [line for remark in load.get("remarks", ()) for line in ("", as_prose(remark))]
    lines += _verification_list(name, load)
    if load.get("lookups"):
        made, spared = load["lookups"]["made"], load["lookups"]["spared"]
        lines += ["", f"{counted(made, 'lookup')} found the profiles; {spared:,} more were spared."]
    batches = {state: count for state, count in load["batches"].items() if count}
    if not plan:
        lines += ["", f"Sent: {load['sent']:,} of {name}; batches: {_listed(batches)}."]
    return lines


def _file_table(load: Mapping[str, Any]) -> list[str]:
    """The files that were read, with what they lack, and those that were found and not read, with why."""
    read, passed_over = load.get("files", ()), load.get("files_not_read", ())
    if not read:
        return []
    lines = ["", "### Files", "", "| file | rows | bytes | columns it lacks |", "|---|---:|---:|---|"]
    for file in read[:_MOST_LISTED]:
        lacks = escape(", ".join(file.get("missing_columns", ())))
        lines.append(f"| {escape(file['name'])} | {file['rows']:,} | {file['bytes']:,} | {lacks} |")
    lines += _more(len(read) - _MOST_LISTED)
    if passed_over:
        lines += ["", "Found and not read:", ""]
        lines += [
            f"- {escape(file['name'])}: {escape(file['reason'])}" for file in passed_over[:_MOST_LISTED]
        ]
        lines += _more(len(passed_over) - _MOST_LISTED)
    return lines


def _verification_list(name: str, load: Mapping[str, Any]) -> list[str]:
    if not load.get("verification"):
        return []
    words = describe_in_words(name, load["verification"])
    return ["", "### What was read back", "", *(f"- {escape(line)}" for line in words)]


def _outcome_table(rows: Mapping[str, int]) -> list[str]:
    lines = ["| outcome | rows | |", "|---|---:|---|"]
    lines += [f"| {name} | {rows[name]:,} | {meaning} |" for name, meaning in MEANING.items() if rows[name]]
    return [*lines, f"| **read** | **{rows['read']:,}** | |"]


def _count_table(
    title: str, counts: Mapping[str, int], rows: Mapping[str, Any], explain_code: Callable[[str], str]
) -> list[str]:
    """Codes by count, with what they mean and the first rows that have them."""
    if not counts:
        return []
    first = " first in |" if rows else ""
    lines = [
        "",
        f"### {title}",
        "",
        f"| code | count | meaning |{first}",
        f"|---|---:|---|{'---|' if rows else ''}",
    ]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for code, count in ordered[:_MOST_LISTED]:
        named = f" {escape(name_rows(rows.get(code, ())))} |" if rows else ""
        lines.append(f"| {escape(code)} | {count:,} | {explain_code(code)} |{named}")
    return [*lines, *_more(len(ordered) - _MOST_LISTED)]


def _value_table(traits: Mapping[str, Any], plan: Mapping[str, Any] | None) -> list[str]:
    """The fates of the values, trait by trait; `beside` is what rows state of a trait beside its value, and
    `example` one that a plan would send."""
    if not traits:
        return []
    heading = "| trait | read | blank | sent | changed | dropped | superseded | not sent | beside |"
    has_examples = bool(plan and plan["examples"])
    heading += " example |" * has_examples
    lines = ["", "### What became of the values", "", heading, "|---|" + "---:|" * 8 + "---|" * has_examples]
    for path, fates in list(traits.items())[:_MOST_TRAITS]:
        others = fates["others"]
        counts = [
            *(fates[name] for name in ("read", "blank", "sent")),
            *(sum(fates[name].values()) for name in ("changed", "dropped")),
            *(fates[name] for name in ("superseded", "not_sent")),
        ]
        beside = f"{others['sent']:,} sent, {sum(others['dropped'].values()):,} dropped"
        cells = " | ".join(f"{count:,}" for count in counts)
        example = f" {escape(show_example(plan, path))} |" * has_examples
        lines.append(f"| {escape(path)} | {cells} | {beside if any(others.values()) else ''} |{example}")
    return [*lines, *_more(len(traits) - _MOST_TRAITS)]


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
    for path, code, count in dropped[:_MOST_LISTED]:
        first = escape(name_rows(rows.get(path, {}).get(code, ())))
        lines.append(f"| {escape(path)} | {escape(code)} | {count:,} | {first} | {explain_code(code)} |")
    lines += _more(len(dropped) - _MOST_LISTED)
    return [*lines, "", "Each of them is in the file of dropped values."]


def _more(count: int) -> list[str]:
    return ["", f"And {count:,} more: report.json has them all."] if count > 0 else []


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{escape(name)} {count:,}" for name, count in counts.items())
