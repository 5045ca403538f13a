"""The spec that fits a sample: which sections it has, and what each of their lines says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from memory_import.errors import UsageProblem
from memory_import.spec.inference.choice import Choice
from memory_import.spec.inference.choices import choose
from memory_import.spec.inference.evidence import Evidence
from memory_import.spec.inference.headers import find_concept
from memory_import.spec.inference.moments import choose_format
from memory_import.spec.inference.sample import Sample, read_sample, split_layouts
from memory_import.spec.inference.traits import Trait, list_traits
from memory_import.spec.inference.vocabulary import OPT_OUTS, Concept
from memory_import.transforms.countries.regions import find_region
from memory_import.transforms.phones import normalise_phones
from memory_import.transforms.values.answers import YES

_REGIONS = (
    "US",
    "GB",
    "DE",
    "FR",
    "ES",
    "IT",
    "NL",
    "BR",
    "AU",
    "IN",
    "MX",
    "CA",
    "AT",
    "CH",
    "BE",
    "PT",
    "IE",
    "SE",
)
_INACTIVE = frozenset(
    [
        "inactive",
        "archived",
        "closed",
        "cancelled",
        "canceled",
        "churned",
        "deleted",
        "inaktiv",
        "geloscht",
        "inactif",
        "inactivo",
        "inativo",
        "inattivo",
    ]
)


@dataclass(frozen=True)
class Draft:
    """A spec to be. `left_out`: columns that are not mapped, with the reason. `hints`: lines that are
    proposed as comments, by the key that they belong to."""

    source: Mapping[str, Any]
    region: Mapping[str, str]
    traits: tuple[Trait, ...]
    left_out: tuple[Choice, ...]
    where: Mapping[str, Any] = field(default_factory=dict)
    latest: Mapping[str, str] = field(default_factory=dict)
    user_id: str | None = None
    observations: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    region_is_guessed: bool = False

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should look at, a sentence each."""
        found = [
            f"{trait.path} ({', '.join(trait.columns)}): {doubt}"
            for trait in self.traits
            for doubt in trait.doubts
        ]
        if self.region_is_guessed:
            found.append(f"region.default {self.region['default']}: is it where most of these people are?")
        return tuple(found)


def draft_spec(files: Sequence[Path], folder: Path) -> Draft:
    """The spec for files of customers, of notes, or of both; `folder` is where it will be.

    Raises `UsageProblem` where the files cannot be read or have more than two layouts.
    """
    samples = [read_sample(group, folder) for group in split_layouts(files)]
    notes = [sample for sample in samples if _is_of_notes(sample)]
    people = [sample for sample in samples if sample not in notes]
    if len(people) > 1 or len(notes) > 1:
        raise UsageProblem(
            "The files have several layouts: give those of one layout at a time "
            "(files of notes may stand beside)."
        )
    observations = _draft_notes(notes[0]) if notes else {}
    if not people:
        return Draft(source={}, region={}, traits=(), left_out=(), observations=observations)
    return _draft_people(people[0], observations)


def _draft_people(sample: Sample, observations: Mapping[str, Any]) -> Draft:
    country = _country_column(sample.columns)
    regions, default, is_guessed = _regions(sample, country)
    choices = choose(sample.columns, regions, months_first=(regions == "US").sum() > 0.5 * sample.rows)
    traits = tuple(list_traits(choices))
    region = ({"column": country.header} if country else {}) | ({"default": default} if default else {})
    latest = next((c for c in choices if c.concept is Concept.MODIFIED and c.moments is not None), None)
    ids = next(
        (
            t
            for t in traits
            if t.choices[0].concept is Concept.CUSTOMER_ID and t.choices[0].evidence.is_unique
        ),
        None,
    )
    return Draft(
        source=sample.options,
        region=region,
        traits=traits,
        left_out=(*(choice for choice in choices if choice.trait is None), *_left_out(sample)),
        where=dict(_where(choices)),
        latest=_latest(latest) if latest else {},
        user_id=ids.path if ids else None,
        observations=observations,
        hints=dict(_hints(choices)),
        region_is_guessed=is_guessed,
    )


def _left_out(sample: Sample) -> Iterator[Choice]:
    """The columns that no spec can use."""
    for column, reason in sample.unusable.items():
        yield Choice(Evidence(column, pl.Series(dtype=pl.String)), None, reason=reason)


def _country_column(columns: Sequence[Evidence]) -> Evidence | None:
    """The column of countries that are understood best."""
    named = [
        one for one in columns if find_concept(one.header)[0] is Concept.COUNTRY and not one.filled.is_empty()
    ]
    known = [
        (sum(find_region(name) is not None for name in one.distinct) / len(one.distinct), one)
        for one in named
    ]
    return max(
        (pair for pair in known if pair[0] >= 0.5), key=lambda pair: pair[0] * pair[1].fill, default=(0, None)
    )[1]


def _regions(sample: Sample, country: Evidence | None) -> tuple[pl.Series, str | None, bool]:
    """ISO-2 by row; the default, where one is needed, and whether it is a guess."""
    nothing = pl.Series([None] * sample.rows, dtype=pl.String)
    if country is not None:
        names = country.distinct.to_list()
        return (
            country.cells.replace_strict(
                names, [find_region(name) for name in names], default=None, return_dtype=pl.String
            ),
            None,
            False,
        )
    cells = [one.filled for one in sample.columns if find_concept(one.header)[0] is Concept.PHONE]
    national = pl.concat([pl.Series(dtype=pl.String), *cells])
    national = national.filter(~national.str.contains(r"^'?\s*(?:\+|00)")).head(500)
    if national.is_empty():
        return nothing, None, False
    valid = {region: _valid(national, region) for region in _REGIONS}
    best = max(_REGIONS, key=lambda region: valid[region])
    return pl.Series([best] * sample.rows, dtype=pl.String), best, True


def _valid(numbers: pl.Series, region: str) -> int:
    judged = normalise_phones(numbers, pl.Series([region] * len(numbers), dtype=pl.String))
    return len(judged) - judged["e164"].null_count()


def _where(choices: Sequence[Choice]) -> Iterator[tuple[str, Any]]:
    for choice in choices:
        if choice.concept is Concept.DELETED and (yes := choice.evidence.words & YES):
            stated = [text for text in choice.evidence.distinct if text.casefold() in yes]
            yield choice.column, {"not": stated}


def _latest(choice: Choice) -> dict[str, str]:
    is_typed = choice.evidence.is_typed
    form = choose_format(choice.moments, "day", is_typed=is_typed) if choice.moments else None
    return {"column": choice.column} | ({"format": form} if form else {})


def _hints(choices: Sequence[Choice]) -> Iterator[tuple[str, str]]:
    """Filters that a person may want, as lines of `where`."""
    for choice in choices:
        texts = choice.evidence.distinct
        if (
            choice.concept in OPT_OUTS
            and choice.trait is not None
            and choice.options.get("type") == "boolean"
        ):
            yes = choice.options.get("true") or [text for text in texts if text.casefold() in YES]
            if yes:
                yield choice.column, f"{{not: {list(yes)}}}  # leaves out who does not want to be written to"
        elif choice.concept is Concept.STATUS and (gone := [t for t in texts if t.casefold() in _INACTIVE]):
            yield choice.column, f"{{not: {gone}}}  # leaves out who is no customer any more"


def _is_of_notes(sample: Sample) -> bool:
    """Whether a file holds what happened to people, and not the people."""
    concepts = {find_concept(one.header)[0] for one in sample.columns if not one.filled.is_empty()}
    has_names = bool({Concept.FIRST_NAME, Concept.LAST_NAME} & concepts)
    times = {Concept.OCCURRED, Concept.CREATED} & concepts
    return Concept.NOTE in concepts and bool(times) and not has_names and len(sample.columns) <= 12


def _draft_notes(sample: Sample) -> dict[str, Any]:
    """The section `observations` for a file of notes."""
    by_concept: dict[Concept | None, list[Evidence]] = {}
    for one in sample.columns:
        by_concept.setdefault(find_concept(one.header)[0], []).append(one)
    profile = {
        id_type: by_concept[concept][0].header
        for id_type, concept in (("phone", Concept.PHONE), ("email", Concept.EMAIL))
        if concept in by_concept
    }
    time = next(one for c in (Concept.OCCURRED, Concept.CREATED) for one in by_concept.get(c, ()))
    key = next(
        (
            one
            for c in (Concept.CUSTOMER_ID, Concept.OTHER_ID)
            for one in by_concept.get(c, ())
            if one.is_unique
        ),
        None,
    )
    (choice,) = choose([time], pl.Series([None] * sample.rows, dtype=pl.String), months_first=False)
    options = {name: value for name, value in choice.options.items() if name != "type"}
    note = max(by_concept[Concept.NOTE], key=lambda one: float(one.filled.str.len_chars().mean() or 0))  # type: ignore[arg-type]
    section: dict[str, Any] = {
        "source": sample.options,
        "profile": profile or {"id": "Profile Id"},
        "content": note.header,
    }
    section["occurred_at"] = {"column": time.header, **options}
    section["observation_source"] = "crm-notes"
    return section | ({"key": key.header} if key else {})
