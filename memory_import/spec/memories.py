"""What observations and summaries of a spec come to: plans, columns, and what is wrong with them."""

import re
from collections.abc import Iterator

from memory_import.loads import MemoryLoad
from memory_import.spec.model import PROFILE_ID, MemoriesSpec, SummariesSpec
from memory_import.spec.rows import ConversationsSpec
from memory_import.transforms.countries.regions import find_region
from memory_import.transforms.limits import SOURCE, SOURCE_CHARACTERS
from memory_import.transforms.plan import (
    IdentifierPlan,
    MemoryPlan,
    Normalization,
    ProfilePlan,
    TraitPlan,
    TraitType,
)
from memory_import.transforms.values.times import check_time_format, check_timezone

_NORMALIZATIONS: dict[str, Normalization] = {"phone": "phone", "email": "email"}
_ID_TYPE_CHARACTERS = range(2, 31)


def memory_plan(kind: MemoryLoad, spec: MemoriesSpec) -> MemoryPlan:
    """What `prepare_memories` goes by."""
    conversations = _conversations(spec)
    return MemoryPlan(
        kind=kind,
        reference=_reference_plan(spec) if spec.reference else None,
        profile_id=spec.profile[PROFILE_ID].column if PROFILE_ID in spec.profile else None,
        content=spec.content,
        too_long=spec.too_long,
        occurred_at=spec.occurred_at.column,
        formats=spec.occurred_at.format,
        timezone=spec.occurred_at.timezone,
        source=spec.observation_source,
        conversations=conversations.column if conversations else None,
        separator=conversations.separator if conversations else None,
    )


def _conversations(spec: MemoriesSpec) -> ConversationsSpec | None:
    if isinstance(spec, SummariesSpec):
        return ConversationsSpec(column=spec.conversation_id)
    return spec.conversation_ids


def _reference_plan(spec: MemoriesSpec) -> ProfilePlan:
    """The identifiers of a row as those of a profile, so that they are read in the same way."""
    types = {"phone": TraitType.PHONE, "email": TraitType.EMAIL}
    default = spec.region.default
    return ProfilePlan(
        traits=tuple(
            TraitPlan(
                group="profile",
                name=id_type,
                columns=(reference.column,),
                type=types.get(id_type, TraitType.STRING),
                repair=reference.repair,
                several="first",
            )
            for id_type, reference in spec.reference.items()
        ),
        identifiers=tuple(
            IdentifierPlan(trait=f"profile.{id_type}", id_type=id_type, normalization=normalization(id_type))
            for id_type in spec.reference
        ),
        region_column=spec.region.column,
        region_default=find_region(default) if default else None,
    )


def check_id_type(place: str, id_type: str) -> Iterator[str]:
    """What the API would refuse in the name of an identifier type."""
    if len(id_type) not in _ID_TYPE_CHARACTERS:
        yield f"{place}.{id_type} is no identifier type: those have 2 to 30 characters."


def normalization(id_type: str) -> Normalization:
    """How the service normalises values of an identifier type, unless its settings say otherwise."""
    return _NORMALIZATIONS.get(id_type, "trim")


def memory_columns_used(load: MemoryLoad, spec: MemoriesSpec) -> dict[str, str]:
    """Every column that the load reads, with the place in the spec that names it."""
    conversations = _conversations(spec)
    key = "conversation_id" if isinstance(spec, SummariesSpec) else "conversation_ids"
    named = {
        **{f"{load}.profile.{id_type}": reference.column for id_type, reference in spec.profile.items()},
        f"{load}.content": spec.content,
        f"{load}.occurred_at": spec.occurred_at.column,
        f"{load}.{key}": conversations.column if conversations else None,
        f"{load}.key": spec.key,
        f"{load}.region.column": spec.region.column,
    }
    return {column: place for place, column in named.items() if column is not None}


def check_memories(load: MemoryLoad, spec: MemoriesSpec) -> Iterator[str]:
    """Everything that is wrong with the values of a load, a sentence each."""
    if PROFILE_ID in spec.profile:
        if len(spec.profile) > 1:
            yield f"{load}.profile: {PROFILE_ID} stands alone; leave the other identifiers out, or it."
        if spec.missing_profile == "create":
            yield f"{load}.missing_profile: a profile can be created from an identifier only, not from an id."
    for id_type in spec.reference:
        yield from check_id_type(f"{load}.profile", id_type)
    for id_type, reference in spec.profile.items():
        if reference.repair and id_type != "phone":
            yield f"{load}.profile.{id_type}.repair is for phone, not for {id_type}."
    source = spec.observation_source
    if source is not None and not (re.fullmatch(SOURCE, source) and len(source) <= SOURCE_CHARACTERS):
        yield (
            f"{load}.observation_source is {source!r}; the API takes up to {SOURCE_CHARACTERS} letters, "
            "digits, spaces, '_', '.' and '-'."
        )
    moment = spec.occurred_at
    for format in moment.format:
        if problem := check_time_format(format):
            yield f"{load}.occurred_at: {problem}."
    if moment.timezone is not None and (problem := check_timezone(moment.timezone)):
        yield f"{load}.occurred_at: {problem}."
