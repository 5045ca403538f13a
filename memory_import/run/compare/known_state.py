"""What a plan was made on beside its input: all that was known of its target."""

import hashlib

from memory_import.run.context import RunContext
from memory_import.run.lifecycle.changes import refuse_differences


def describe_known(run: RunContext) -> dict[str, str]:
    """A checksum of each table that is known of the target, of every spec, by its place there."""
    folder = run.known.target.folder
    return {
        str(path.parent.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("manifest.json"))
    }


def check_known(run: RunContext) -> None:
    """Refuse a plan where what is known is not what it was: something was read back since, or is lost."""
    declared = run.record.declared
    if not run.record.is_plan or declared is None:
        return
    then, now = declared["known"], describe_known(run)
    changed = [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]
    refuse_differences(
        "What is known of the target",
        [f"{name.rpartition('/')[2]} were changed since the plan ({name})" for name in changed],
    )
