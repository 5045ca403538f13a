"""The columns of the inputs that a spec names: whether they are there, once each, and can be read."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from memory_import.columns import is_ours
from memory_import.sources.errors import SourceError
from memory_import.sources.opened import Sources
from memory_import.sources.tabular import Source
from memory_import.spec.memories import memory_columns_used
from memory_import.spec.messages import suggest
from memory_import.spec.model import SourceSpec, Spec
from memory_import.spec.plans import columns_used, source_options
from memory_import.spec.typed_columns import check_conditions, find_misreading, styled_values
from memory_import.transforms.names import nearest

_FILE = "\0"  # stands in a sentence for the files that it is about
_CUSTOMER = re.compile(r"@|(?:[0-9][ ().+-]?){7}")  # an email address or a phone number


def used_columns(spec: Spec) -> dict[str, dict[str, str]]:
    """By load, every column that it reads, with the place in the spec that names it."""
    of_profiles = {} if spec.profiles is None else {"profiles": columns_used(spec.profiles)}
    return {**of_profiles, **{name: memory_columns_used(name, load) for name, load in spec.memories.items()}}


def check_columns(spec: Spec, folder: Path, sources: Sources, without: Collection[str]) -> Iterator[str]:
    """Everything that is wrong with the inputs of a spec, a sentence each; its paths begin at `folder`."""
    for load, used in used_columns(spec).items():
        if load in without:
            continue
        options = spec.sources[load]
        try:
            source = sources.open(load, source_options(options, folder))
        except SourceError as error:
            yield f"{load}.source: {error}"
            continue
        for column in filter(is_ours, used):
            yield f"{used[column]}: the column {column!r} has a name of ours; rename it to begin without '_'."
        yield from _check_files(source, used, options)
        yield from _check_types(source, spec, load)
        if load == "profiles" and spec.profiles is not None:
            yield from check_conditions(source, spec.profiles.where)


def _check_files(source: Source, used: Mapping[str, str], options: SourceSpec) -> Iterator[str]:
    """What is wrong with many files in the same way is said once."""
    found: dict[str, list[str]] = {}
    for file in source.files:
        for problem in _check_file(source, file, used, options):
            found.setdefault(problem, []).append(file)
    for problem, files in found.items():
        place, said = problem.split(_FILE, 1)
        others = f" (and {len(files) - 1} other files)" if len(files) > 1 else ""
        yield f"{place}{files[0]}{others}{said}"


def _check_file(source: Source, file: str, used: Mapping[str, str], options: SourceSpec) -> Iterator[str]:
    table = source.tables[file]
    may_lack = source.is_parquet or options.missing_columns == "blank"
    for column, place in used.items():
        if column not in table.columns:
            if may_lack and column in source.columns:
                continue
            hint = _hint(column, table.columns, used)
            yield f"{place}: {_FILE} has no column {column!r}{hint}"
            if not set(table.columns) & set(used) and not nearest(column, table.columns):
                return  # one sentence about a file that has nothing of it
            continue
        if positions := table.repeated(column):
            places = " and ".join(map(str, positions))
            yield f"{place}: {_FILE} has the column {column!r} more than once, at {places}: rename them."
        if kind := table.unreadable(column):
            yield (
                f"{place}: {_FILE} has {column!r} as {kind}; expected a column of text, numbers, booleans, "
                "dates, times or lists of these: write it as text."
            )


def _check_types(source: Source, spec: Spec, load: str) -> Iterator[str]:
    """Of a column with a type of its own the first file that a trait would misread."""
    for place, plan in styled_values(spec, load):
        for column in plan.columns:
            for file, table in source.tables.items():
                example = table.example(column) if column in table.columns else None
                if example is not None and (remedy := find_misreading(plan, example[1])):
                    yield (
                        f"{place}: {file} has {column!r} as {example[0]}, such as {example[1]}, which is not "
                        f"written in the way that this says; {remedy}."
                    )
                    break


def _hint(column: str, header: Sequence[str], used: Collection[str]) -> str:
    """The column that was meant; of a first line that may be a customer nothing is shown."""
    if any(_CUSTOMER.search(name) for name in header):
        return "; its first line looks like data: put a line with the column names before it."
    if set(header) & set(used):
        return suggest(column, header)
    if nearest(column, header):
        return suggest(column, header)
    return (
        ", nor any other that the spec names: is its first line a line of column names? "
        "If others stand before that line, set the source's skip_rows."
    )
