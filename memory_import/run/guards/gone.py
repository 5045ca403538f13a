"""The guard of people who are gone: where many are at once, the input is more likely to blame than they."""

import math

from memory_import.errors import BudgetExceeded
from memory_import.ledger.staging.presence import read_presence
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.deletions.due import FEWEST_KNOWN


def check_gone(run: RunContext) -> None:
    """`BudgetExceeded` where the spec wants gone people to be deleted, and more than its `max_gone` are newly
    gone or are to be deleted by this run."""
    profiles = run.spec.profiles
    if profiles is None or profiles.sync.gone != "delete" or run.ledger.load(run.run_id, PROFILES) is None:
        return
    staging, most = run.staging(PROFILES), profiles.sync.max_gone
    presence = read_presence(staging)
    if presence is None or presence.incomplete is not None:
        return
    base = max(presence.known, FEWEST_KNOWN)
    counts = {
        "are gone from the input for the first time": presence.newly_gone,
        "are gone for the second time and would be deleted": staging.due.height,
    }
    problems = [
        f"profiles.sync.max_gone: {count:,} of {presence.known:,} known people {what}; expected at most "
        f"{most:g}% of {base:,} (gone.csv lists them)."
        for what, count in counts.items()
        if count * 100 > most * base
    ]
    if problems:
        allowed = f"`max_gone: {min(100, math.ceil(max(counts.values()) * 100 / base))}%` in profiles.sync"
        raise BudgetExceeded(
            [
                *problems,
                "Nothing was sent, nobody was deleted. Look whether the export is whole, and run it again. "
                f"If these people did leave, this lets them go: {allowed}.",
            ],
            spec_lines=[f"{allowed}, if these people did leave"],
        )
