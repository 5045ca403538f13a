"""The report as people read it: Markdown for files and Prefect, a few lines for the terminal."""

from collections.abc import Callable, Mapping
from typing import Any

_MEANING = {
    "verified": "read back and found equal",
    "completed": "the service says that they are in",
    "accepted": "taken by the service, which gave nothing to follow",
    "merged": "folded into another row of the same person",
    "unchanged": "same as last time, not sent",
    "excluded": "left out by the spec, or an empty line",
    "rejected": "see the file of rejected rows",
    "unknown": "sent, and nobody can say",
    "pending": "not finished",
}


def render_markdown(report: Mapping[str, Any], explain_code: Callable[[str], str]) -> str:
    """The whole report; `explain_code` says what a reason or a change means."""
    target = report["target"]
    where = f"{target['api_url']}{' (emulator)' if target['emulator'] else ''}"
    lines = [
        f"# Import {report['run_id']}: {report['status']}",
        "",
        f"- spec: `{report['spec']}`",
        f"- store: `{target['store_id']}` at {where}",
        f"- started {report['started_at']}, ended {report['finished_at']}, exit code {report['exit_code']}",
    ]
    if report["resume_command"]:
        lines.append(f"- to go on: `{report['resume_command']}`")
    for name, load in report["loads"].items():
        lines += ["", f"## {name.capitalize()}", "", *_outcome_table(load["rows"])]
        lines += _count_table("Why rows were rejected", "reason", load["reject_reasons"], explain_code)
        lines += _count_table("What was changed on the way", "change", load["changes"], explain_code)
        if load.get("lookups"):
            made, spared = load["lookups"]["made"], load["lookups"]["spared"]
            lines += ["", f"{made:,} lookups found the profiles; {spared:,} more were spared."]
        batches = {state: count for state, count in load["batches"].items() if count}
        lines += ["", f"{load['sent']:,} {name} were sent; batches: {_listed(batches)}."]
    requests = report["requests"]
    seconds = ", ".join(f"{stage} {spent:.1f}" for stage, spent in report["timing"].items())
    lines += [
        "",
        "## Requests",
        "",
        f"{requests['total']:,} requests, {requests['retries']:,} of them again; "
        f"answers: {_listed(requests['by_status']) or 'none'}.",
        "",
        f"Seconds by stage: {seconds}.",
        "",
    ]
    return "\n".join(lines)


def _outcome_table(rows: Mapping[str, int]) -> list[str]:
    lines = ["| outcome | rows | |", "|---|---:|---|"]
    lines += [f"| {name} | {rows[name]:,} | {meaning} |" for name, meaning in _MEANING.items() if rows[name]]
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


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def render_summary(report: Mapping[str, Any], folder: str) -> str:
    """A few lines: what became of the rows, why rows were rejected, where to read more, how to go on."""
    lines = [f"Run {report['run_id']}: {report['status']}"]
    for name, load in report["loads"].items():
        rows = load["rows"]
        outcomes = ", ".join(f"{rows[outcome]:,} {outcome}" for outcome in _MEANING if rows[outcome])
        lines.append(f"  {name}: {rows['read']:,} rows read = {outcomes or 'nothing'}")
        for title, counts in (("rejected", load["reject_reasons"]), ("changed", load["changes"])):
            lines += [
                f"    {title}: {count:,} × {code}"
                for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
            ]
            if len(counts) > 5:
                lines.append(f"    {title}: {len(counts) - 5} more codes in the report")
    requests = report["requests"]
    if requests["total"]:
        lines.append(f"  {requests['total']:,} requests, {requests['retries']:,} of them again")
    lines.append(f"  report: {folder}/report.md")
    if report["resume_command"]:
        lines.append(f"  to go on: {report['resume_command']}")
    return "\n".join(lines)
