"""Whether a spec and the files that it names are there at all; quick, for it opens none of them."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from memory_import.errors import UsageProblem
from memory_import.sources.errors import SourceError
from memory_import.sources.locations import is_remote, locate
from memory_import.sources.opened import Sources
from memory_import.spec.file import load_spec
from memory_import.spec.plans import source_options


def check_paths(path: Path, variables: Mapping[str, str], *, is_emulator: bool) -> None:
    """`UsageProblem` where the spec is not there, or a file of it, with all else that is wrong with it.

    What is wrong with a spec whose files are there is left to those who open them.
    """
    try:
        spec = load_spec(path, variables, is_emulator=is_emulator, sources=None)
    except UsageProblem:
        if not path.is_file():
            raise
        return
    places = [source_options(source, path.parent).path for source in spec.sources.values()]
    if not all(is_remote(place) or _is_there(place) for place in places):
        with TemporaryDirectory() as copies:
            load_spec(path, variables, is_emulator=is_emulator, sources=Sources(Path(copies)))


def _is_there(place: str) -> bool:
    try:
        return bool(locate(place).locations)
    except SourceError:
        return False
