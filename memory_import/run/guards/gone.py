"""The guard of known people: where many are gone at once, or many lose a trait, the input is more likely to
blame than they."""

import math
from collections.abc import Iterator

from memory_import.errors import BudgetExceeded
from memory_import.ledger.staging.presence import read_presence
from memory_import.ledger.staging.staged import Staging
from memory_import.loads import PROFILES
from memory_import.run.context import RunContext
from memory_import.run.loads.edits.due import FEWEST_KNOWN
from memory_import.spec.model import ProfilesSpec


def check_gone(run: RunContext) -> None:
    """`BudgetExceeded` where more than the spec's `max_gone` of the known people are newly gone or are to be
    deleted by this run, if it deletes; or would lose a trait, if it removes any."""
    profiles = run.spec.profiles
    if profiles is None or run.ledger.load(run.run_id, PROFILES) is None:
        return
    counts, most = dict(_count(profiles, run.staging(PROFILES))), profiles.sync.max_gone
    known = run.known.persons().rows if any(counts.values()) else 0
    base = max(known, FEWEST_KNOWN)
    exceeded = {what: count for what, count in counts.items() if count * 100 > most * base}
    if not exceeded:
        return
    allowed = f"`max_gone: {min(100, math.ceil(max(exceeded.values()) * 100 / base))}%` in profiles.sync"
    raise BudgetExceeded(
        [
            *(
                f"profiles.sync.max_gone: {count:,} of {known:,} known people {what}; expected at most "
                f"{most:g}% of {base:,}."
                for what, count in exceeded.items()
            ),
            "Nothing was sent, nobody was deleted. Look whether the export is whole, and run it again. "
            f"If it is right, this lets it pass: {allowed}.",
        ],
        spec_lines=[f"{allowed}, if the input is right"],
    )


def _count(profiles: ProfilesSpec, staging: Staging) -> Iterator[tuple[str, int]]:
    """What happens to how many known people."""
    presence = read_presence(staging)
    if profiles.sync.gone == "delete" and presence is not None and presence.incomplete is None:
        yield "are gone from the input for the first time (gone.csv lists them)", presence.newly_gone
        yield "are gone for the second time and would be deleted (gone.csv lists them)", staging.due.height
    if profiles.sync.on_blank == "clear":
        yield (
            "have blank cells for what is known of them, and would lose it (cleared.csv lists them)",
            staging.cleared["person"].n_unique(),
        )
